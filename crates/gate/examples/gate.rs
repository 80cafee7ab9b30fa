//! The gate by itself, without the server: `cargo run -p mainstay-gate --example gate -- http://localhost:8080`.

use std::process::ExitCode;

use clap::Parser;

#[derive(Parser)]
struct Cli {
    /// Answer in JSON, for machines.
    #[arg(long, global = true)]
    json: bool,
    #[command(flatten)]
    gate: mainstay_gate::cli::Arguments,
}

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    mainstay_gate::cli::run(cli.gate, cli.json).await
}

//! Makes sure that there is a studio to embed: a page that says how to build it, where it was not built.

use std::{fs, io, path::Path};

const PLACEHOLDER: &str = "<!doctype html>
<html lang=\"en\">
<meta charset=\"utf-8\">
<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">
<title>Mainstay</title>
<h1>Mainstay is running</h1>
<p>This binary was built without its studio. Build both with <code>cargo xtask run</code>, or build the studio with
<code>npm ci &amp;&amp; npm run build</code> in <code>studio/</code> and then the server again.
<p>The interface is described at <a href=\"/docs\">/docs</a>.
";

fn main() -> io::Result<()> {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=../../studio/dist");
    let folder = Path::new("../../studio/dist");
    if !folder.join("index.html").exists() {
        fs::create_dir_all(folder)?;
        fs::write(folder.join("index.html"), PLACEHOLDER)?;
    }
    Ok(())
}

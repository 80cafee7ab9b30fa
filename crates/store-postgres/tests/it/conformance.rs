//! Every case of the conformance suite, directly connected.

macro_rules! tests {
    ($($module:ident { $($case:ident),* $(,)? })*) => {$(
        mod $module {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    crate::server::with_store(mainstay_store_conformance::$module::$case).await;
                }
            )*
        }
    )*};
}

mainstay_store_conformance::cases!(tests);

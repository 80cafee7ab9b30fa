//! Every case of the conformance suite, directly connected and through a transaction pooler.

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

mod direct {
    mainstay_store_conformance::cases!(tests);
}

macro_rules! pooled_tests {
    ($($module:ident { $($case:ident),* $(,)? })*) => {$(
        mod $module {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    crate::pooler::with_pooled_store(mainstay_store_conformance::$module::$case).await;
                }
            )*
        }
    )*};
}

mod pooled {
    mainstay_store_conformance::cases!(pooled_tests);
}

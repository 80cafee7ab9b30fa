//! The studio's files (CFG-8).

use crate::harness::{Engine, Options, TestServer};

const PAGES: [&str; 11] = [
    "/",
    "/sign-in",
    "/account",
    "/wallet",
    "/purchases",
    "/redeem",
    "/operator/wallet",
    "/operator/merchants",
    "/operator/rules",
    "/operator/inbox",
    "/operator/endpoints",
];
const PAGE: &str = "<!doctype html><title>studio</title>";

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join("assets")).expect("made");
    std::fs::write(folder.path().join("index.html"), PAGE).expect("written");
    std::fs::write(folder.path().join("sw.js"), "self.x = 1;").expect("written");
    std::fs::write(folder.path().join("manifest.webmanifest"), "{}").expect("written");
    std::fs::write(folder.path().join("assets/app-1a2b.js"), "let x = 1;\n".repeat(500)).expect("written");
    std::fs::write(folder.path().join(".env"), "SECRET=1").expect("written");
    folder
}

on_both_engines! {
    async fn cfg_8_the_binary_carries_a_studio(engine: Engine) {
        let server = TestServer::start(engine).await;
        for path in PAGES {
            let page = server.native().get(path).await.expect(200);
            assert!(page.header("content-type").expect("a type").starts_with("text/html"));
        }
    }

    async fn cfg_8_a_folder_takes_its_place(engine: Engine) {
        let folder = folder();
        let mut options = Options::dev();
        options.http.frontend_dir = Some(folder.path().to_owned());
        let server = TestServer::start_with(engine, options).await;
        let anybody = server.native();
        for path in PAGES.into_iter().chain(["/index.html"]) {
            let page = anybody.get(path).await.expect(200);
            assert_eq!(page.text(), PAGE);
            assert_eq!(page.header("cache-control"), Some("no-cache"));
            // A browser lays the headers of a 304 over those it kept: they must say the same.
            let tag = page.header("etag").expect("a tag").to_owned();
            let again = anybody.send(anybody.request("GET", path).header("if-none-match", tag)).await.expect(304);
            assert_eq!(again.header("content-security-policy"), page.header("content-security-policy"));
        }
        assert!(anybody.get("/sw.js").await.expect(200).header("content-type").expect("a type").starts_with("text/javascript"));
        assert_eq!(anybody.get("/manifest.webmanifest").await.expect(200).header("content-type"), Some("application/manifest+json"));

        let asset = anybody.get("/assets/app-1a2b.js").await.expect(200);
        assert_eq!(asset.header("cache-control"), Some("public, max-age=31536000, immutable"));
        let tag = asset.header("etag").expect("a tag").to_owned();
        let request = anybody.request("GET", "/assets/app-1a2b.js").header("if-none-match", tag);
        anybody.send(request).await.expect(304);
        let request = anybody.request("GET", "/assets/app-1a2b.js").header("accept-encoding", "br, gzip");
        let compressed = anybody.send(request).await.expect(200);
        assert_eq!(compressed.header("content-encoding"), Some("br"));
        assert!(compressed.bytes.len() < asset.bytes.len());
    }

    async fn unknown_pages_are_not_found_for_people_and_machines(engine: Engine) {
        let folder = folder();
        let mut options = Options::dev();
        options.http.frontend_dir = Some(folder.path().to_owned());
        let server = TestServer::start_with(engine, options).await;
        let anybody = server.native();
        anybody.get("/nowhere").await.expect_problem(404, "not_found");
        let page = anybody.send(anybody.request("GET", "/nowhere").header("accept", "text/html")).await.expect(404);
        assert_eq!(page.text(), PAGE);
        for path in ["/.env", "/assets/../.env", "/assets/", "/assets", "/%2e%2e/secret", "//etc/passwd"] {
            assert_eq!(anybody.get(path).await.status, 404, "{path}");
        }
        anybody.post("/", &serde_json::json!({})).await.expect_problem(404, "not_found");
    }
}

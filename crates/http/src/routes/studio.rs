//! The studio: the files that the binary carries, or those of a folder. No API: everything here is public and never changes by a
//! request.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
};

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header},
    web,
};
use bytes::Bytes;
use mainstay_services::{
    Error,
    crypto::sha256,
    sabotage::{self, Guard},
};
use rust_embed::RustEmbed;

use crate::{document::Document, problem::Problem, routes::Server};

/// The studio's own addresses; each is the one page, which looks at the address itself.
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
const INDEX: &str = "index.html";
/// Their names change with their content.
const HASHED: &str = "assets/";
/// Files that are kept in memory; a studio has a few dozen.
const FILES_MAX: usize = 1_000;

#[derive(RustEmbed)]
#[folder = "../../studio/dist/"]
struct Embedded;

/// Serves the studio's files.
pub(crate) struct Studio {
    folder: Option<PathBuf>,
    known: RwLock<HashMap<String, Known>>,
}

/// A file that was asked for before.
#[derive(Clone)]
struct Known {
    hash: [u8; 32],
    document: Arc<Document>,
}

impl Studio {
    pub(crate) fn new(folder: Option<&Path>) -> Self {
        Self { folder: folder.map(Path::to_path_buf), known: RwLock::default() }
    }

    /// Whether looking a file up may take a while.
    const fn is_on_disk(&self) -> bool {
        self.folder.is_some()
    }

    /// A file by its path within the studio, ready to be answered.
    fn file(&self, path: &str) -> Option<Arc<Document>> {
        let (bytes, hash) = self.read(path)?;
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner).get(path).cloned();
        if let Some(known) = known.filter(|known| known.hash == hash) {
            return Some(known.document);
        }
        let cache = if path.starts_with(HASHED) { "public, max-age=31536000, immutable" } else { "no-cache" };
        let document = Arc::new(Document::new(content_type(path), cache, bytes));
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= FILES_MAX {
            known.clear();
        }
        known.insert(path.to_owned(), Known { hash, document: Arc::clone(&document) });
        Some(document)
    }

    fn read(&self, path: &str) -> Option<(Bytes, [u8; 32])> {
        if !is_plain(path) {
            return None;
        }
        let Some(folder) = &self.folder else {
            let file = Embedded::get(path)?;
            let bytes = match file.data {
                std::borrow::Cow::Borrowed(bytes) => Bytes::from_static(bytes),
                std::borrow::Cow::Owned(bytes) => Bytes::from(bytes),
            };
            return Some((bytes, file.metadata.sha256_hash()));
        };
        let root = folder.canonicalize().ok()?;
        // A link must not lead out of the folder.
        let file =
            root.join(path).canonicalize().ok().filter(|file| file.starts_with(&root) && file.is_file())?;
        let bytes = std::fs::read(file).ok()?;
        let hash = sha256(&bytes);
        Some((Bytes::from(bytes), hash))
    }
}

/// Only names that a build makes: no dots in front, nothing to decode, no way up.
fn is_plain(path: &str) -> bool {
    !path.is_empty()
        && path.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'/'))
        && path.split('/').all(|name| !name.is_empty() && !name.starts_with('.'))
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        "wasm" => "application/wasm",
        _ => "application/octet-stream",
    }
}

/// Answers what no route of the API does.
pub(crate) async fn serve(server: Server, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let path = request.path();
    let name = if PAGES.contains(&path) { INDEX } else { path.trim_start_matches('/') };
    if let Some(document) = lookup(&server, name).await? {
        return compressed_answer(document, &request).await;
    }
    let wants_page = request
        .headers()
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"));
    match lookup(&server, INDEX).await? {
        Some(index) if sabotage::is_off(Guard::UnknownPaths) => Ok(index.answer(&request)),
        // A person followed a wrong link: the studio says so, in their language.
        Some(index) if wants_page => {
            let mut response = index.answer(&request);
            if response.status() == StatusCode::OK {
                *response.status_mut() = StatusCode::NOT_FOUND;
                response.headers_mut().remove(header::ETAG);
            }
            Ok(response)
        }
        _ => Err(Error::not_found().into()),
    }
}

async fn lookup(server: &Server, name: &str) -> Result<Option<Arc<Document>>, Problem> {
    if !server.studio.is_on_disk() {
        return Ok(server.studio.file(name));
    }
    let (server, name) = (server.clone(), name.to_owned());
    web::block(move || server.studio.file(&name)).await.map_err(|error| Error::internal(error).into())
}

/// Compressing a large file for the first time happens beside the requests of this worker.
async fn compressed_answer(document: Arc<Document>, request: &HttpRequest) -> Result<HttpResponse, Problem> {
    if document.is_slow() {
        let document = Arc::clone(&document);
        web::block(move || document.compress()).await.map_err(Error::internal)?;
    }
    Ok(document.answer(request))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_names_are_looked_up() {
        assert!(is_plain("assets/index-Bx1_y.js"));
        for path in
            ["", "../secret", "a/../b", ".env", "a//b", "/etc/passwd", "a%2fb", "a\\b", "a\0b", "assets/.git"]
        {
            assert!(!is_plain(path), "{path:?}");
        }
    }

    #[test]
    fn a_folder_takes_the_place_of_the_binary() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join(INDEX), "<!doctype html>ours").expect("written");
        let outside = tempfile::NamedTempFile::new().expect("a file");
        #[cfg(unix)]
        std::os::unix::fs::symlink(outside.path(), folder.path().join("link.txt")).expect("linked");
        let studio = Studio::new(Some(folder.path()));
        assert!(studio.file(INDEX).is_some());
        assert!(studio.file("link.txt").is_none());
        assert!(studio.file("missing.txt").is_none());
    }
}

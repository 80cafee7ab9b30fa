//! QR codes as SVG, black on white whatever the page looks like, so that every scanner reads them.

use std::fmt::Write as _;

use mainstay_services::{Error, Result};
use qrcodegen::{QrCode, QrCodeEcc};

/// Light modules around the code (ISO/IEC 18004, 9.1).
const QUIET_MODULES: i32 = 4;

/// The QR code of a short text.
///
/// # Errors
/// [`mainstay_services::Code::Internal`] when the text is longer than a QR code can be.
pub(crate) fn svg(text: &str) -> Result<String> {
    let code = QrCode::encode_text(text, QrCodeEcc::Medium).map_err(Error::internal)?;
    let mut path = String::new();
    for y in 0..code.size() {
        for x in 0..code.size() {
            if code.get_module(x, y) {
                let (x, y) = (x + QUIET_MODULES, y + QUIET_MODULES);
                write!(path, "M{x} {y}h1v1h-1z").map_err(Error::internal)?;
            }
        }
    }
    let side = code.size() + 2 * QUIET_MODULES;
    Ok(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {side}\" shape-rendering=\"crispEdges\">\
         <rect width=\"{side}\" height=\"{side}\" fill=\"#fff\"/><path d=\"{path}\" fill=\"#000\"/></svg>"
    ))
}

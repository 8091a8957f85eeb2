//! What a body has to call itself.

use actix_web::HttpRequest;
use actix_web::http::header::CONTENT_TYPE;

use super::problem::Problem;

/// Browsers ask before they send these types to another origin, and nobody answers them here: a web page can't ask in
/// the name of whoever looks at it.
pub(super) fn expect_media_type(request: &HttpRequest, types: &[&str]) -> Result<usize, Problem> {
    let given = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let essence = given.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    types.iter().position(|accepted| *accepted == essence).ok_or_else(|| {
        Problem::unsupported_media_type().with_detail(format!("Send Content-Type: {}.", types.join(" or ")))
    })
}

//! Bodies of requests, within bounds.

use actix_web::{HttpRequest, web};

use super::media_type::expect_media_type;
use super::problem::Problem;

/// A body of JSON.
pub(super) async fn json_body(
    request: &HttpRequest,
    payload: web::Payload,
    bytes_max: usize,
) -> Result<web::Bytes, Problem> {
    expect_media_type(request, &["application/json"])?;
    match payload.to_bytes_limited(bytes_max).await {
        Err(_) => Err(Problem::body_too_large()),
        Ok(Err(_)) => Err(Problem::body_unreadable()),
        Ok(Ok(body)) => Ok(body),
    }
}

//! What a caller calls a request, so that the same one told again is known as that.

use actix_web::HttpRequest;

use super::problem::Problem;

const KEY_BYTES_MAX: usize = 64;

/// The `Idempotency-Key` of a request, if it has one.
pub(super) fn idempotency_key(request: &HttpRequest) -> Result<Option<&str>, Problem> {
    let Some(key) = request.headers().get("idempotency-key") else { return Ok(None) };
    let key = key.to_str().ok().filter(|key| (1..=KEY_BYTES_MAX).contains(&key.len()));
    let rule = "an Idempotency-Key has 1 to 64 printed ASCII characters";
    key.map(Some).ok_or_else(|| Problem::invalid_field().with_detail(rule))
}

//! `POST /v1/checks`.

use actix_web::http::header::ContentType;
use actix_web::{HttpRequest, HttpResponse, web};

use crate::screening::{CheckRequest, Question};

use super::even::evenly;
use super::idempotency::idempotency_key;
use super::media_type::expect_media_type;
use super::problem::Problem;
use super::service::Service;
use super::wire::AnswerBody;

/// What a short answer takes, with a margin.
const ANSWER_BYTES_USUAL: usize = 1536;

pub(super) async fn check(
    request: HttpRequest,
    payload: web::Payload,
    service: web::Data<Service>,
) -> Result<HttpResponse, Problem> {
    expect_media_type(&request, &["application/json"])?;
    let body = match payload.to_bytes_limited(service.body_bytes_max).await {
        Err(_) => {
            let detail = format!("A check has at most {} bytes.", service.body_bytes_max);
            return Err(Problem::body_too_large().with_detail(detail));
        }
        Ok(Err(_)) => return Err(Problem::body_unreadable()),
        Ok(Ok(body)) => body,
    };
    let mut question = CheckRequest::parse(&body)?.into_question(&service.principal)?;
    question.asker.class = service.caller_class;
    question.asker.idempotency_key = idempotency_key(&request)?.map(Into::into);
    let (answer, took) = evenly(service.caller_class, 1, answer(&service, &question)).await;
    service.metrics.tell_check(took);
    Ok(HttpResponse::Ok().content_type(ContentType::json()).body(answer?))
}

async fn answer(service: &Service, question: &Question) -> Result<Vec<u8>, Problem> {
    let audited = service.screening.check(question)?.await?;
    service.metrics.count_answer(audited.get());
    let mut answer = Vec::with_capacity(ANSWER_BYTES_USUAL);
    serde_json::to_writer(&mut answer, &AnswerBody::from(&audited)).map_err(|_| Problem::internal())?;
    Ok(answer)
}

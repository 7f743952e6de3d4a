//! The door of every route: no token, no entry; too low a scope, no entry; too long, out.

use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::principal::Principal;
use super::token::Standing;
use crate::runtime::Scope;
use crate::server::app::App;
use crate::server::problem::{Kind, Problem};

/// What a route's door asks for.
#[derive(Debug, Clone)]
pub struct Guard {
    /// The installation.
    pub app: App,
    /// The least scope.
    pub needs: Scope,
    /// How long an answer may take to begin.
    pub patience: Duration,
}

/// Lets a request in whose token is good and whose scope reaches, and gives the handler its
/// [`Principal`].
pub async fn guard(State(door): State<Guard>, mut request: Request, next: Next) -> Response {
    let principal = match admit(&door, request.headers()) {
        Ok(principal) => principal,
        Err(problem) => return problem.into_response(),
    };
    let lang = principal.lang;
    request.extensions_mut().insert(principal);
    let mut response = in_time(door.patience, next.run(request)).await;
    if let Some(lang) = lang {
        response.extensions_mut().insert(lang);
    }
    response
}

async fn in_time(patience: Duration, answer: impl Future<Output = Response>) -> Response {
    tokio::time::timeout(patience, answer).await.unwrap_or_else(|_| timed_out().into_response())
}

fn admit(door: &Guard, headers: &HeaderMap) -> Result<Principal, Problem> {
    let token = bearer(headers).ok_or_else(no_token)?;
    let held = door.app.tokens().verify(token, door.app.now()).map_err(refused)?;
    let has = held.record.scope;
    if has < door.needs {
        return Err(too_low(door.needs, has));
    }
    Principal::new(held, headers, &door.app.runtime().directory())
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn no_token() -> Problem {
    Problem::new(
        Kind::Unauthenticated,
        "缺少令牌；请在请求头中加入 Authorization: Bearer fbt_…",
        "There is no token; send the header `Authorization: Bearer fbt_…`",
    )
}

fn refused(standing: Option<Standing>) -> Problem {
    match standing {
        // A good token is not refused; an unknown one must not say more than that.
        None | Some(Standing::Good) => Problem::new(
            Kind::Unauthenticated,
            "令牌无效；请检查是否完整，或向管理员申请新令牌",
            "This token is not known; see whether it is complete, or ask for a new one",
        ),
        Some(Standing::Expired) => Problem::new(
            Kind::TokenExpired,
            "令牌已过期；请向管理员申请新令牌",
            "This token has expired; ask an administrator for a new one",
        ),
        Some(Standing::Revoked) => Problem::new(
            Kind::TokenRevoked,
            "令牌已被吊销；请向管理员申请新令牌",
            "This token was revoked; ask an administrator for a new one",
        ),
    }
}

/// The scope does not reach.
pub fn too_low(needs: Scope, has: Scope) -> Problem {
    Problem::new(
        Kind::ScopeTooLow,
        format!("此操作需要 {needs} 权限，当前令牌为 {has}"),
        format!("This needs the scope {needs}; the token has {has}"),
    )
    .with("needs", needs.as_str())
    .with("has", has.as_str())
}

fn timed_out() -> Problem {
    Problem::new(
        Kind::TimedOut,
        "处理超时，操作可能已生效；请先查询再决定是否重试，重试时请使用幂等键",
        "It took too long and may still have taken effect; look before you repeat it, \
         and repeat it with an idempotency key",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    use std::sync::Arc;

    use axum::http::header::AUTHORIZATION;

    #[tokio::test]
    async fn an_answer_that_does_not_begin_in_time_is_a_problem_that_says_so() {
        let response = in_time(Duration::from_millis(1), std::future::pending()).await;
        let problem = response.extensions().get::<Arc<Problem>>().unwrap();
        assert_eq!(problem.kind, Kind::TimedOut);
        assert!(problem.retry_after.is_some());
    }

    #[test]
    fn a_token_is_read_from_the_bearer_scheme_alone() {
        let of = |header: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(AUTHORIZATION, header.parse().unwrap());
            bearer(&headers).map(str::to_owned)
        };
        assert_eq!(of("Bearer fbt_1"), Some("fbt_1".to_owned()));
        assert_eq!(of("bearer  fbt_1 "), Some("fbt_1".to_owned()));
        assert_eq!(of("Basic fbt_1"), None);
        assert_eq!(of("fbt_1"), None);
        assert_eq!(bearer(&HeaderMap::new()), None);
    }
}

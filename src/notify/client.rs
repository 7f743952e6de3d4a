//! The one HTTP client that leaves the house: it refuses private and reserved addresses, connects
//! only to the addresses it checked, follows no redirect, knows no proxy, and bounds what it reads.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Once};
use std::time::Duration;

use futures_util::future::BoxFuture;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::HeaderMap;
use reqwest::{Method, StatusCode, Url, redirect};

use super::address;
use super::cause::{causes, root, tls_fault};
use super::setup::SetupError;
use super::why::{Why, WhyCode};

/// How long a connection may take; a server that is up answers in far less.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Idle connections kept for each host: pages come in bursts to the same endpoint.
const IDLE_PER_HOST_MAX: usize = 16;

/// How a host's addresses are looked up. Injected so that the guard can be tested without a network.
pub type Lookup = Arc<dyn Fn(String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> + Send + Sync>;

/// Makes `ring` the process's TLS provider. Needed once before any TLS; more often does no harm.
pub fn install_tls_provider() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // An error means that one is installed already, which serves as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
}

/// Looks hosts up as the machine does.
#[must_use]
pub fn system_lookup() -> Lookup {
    Arc::new(|host| {
        Box::pin(async move {
            let found = tokio::net::lookup_host((host, 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    })
}

/// What a client may do.
#[derive(Clone)]
pub struct ClientSettings {
    /// Loopback and private networks may be called, and plain `http` used.
    pub allow_private: bool,
    /// Further certificate authorities, in PEM.
    pub ca_pem: Option<Vec<u8>>,
    /// How hosts are looked up.
    pub lookup: Lookup,
}

impl ClientSettings {
    /// Makes the settings that suit most: looked up as the machine does, its own authorities.
    #[must_use]
    pub fn new(allow_private: bool) -> Self {
        Self { allow_private, ca_pem: None, lookup: system_lookup() }
    }
}

/// A client that cannot be led astray. Cheap to clone; keeps connections open.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    allow_private: bool,
}

/// One request.
#[derive(Debug)]
pub struct Call {
    /// The method.
    pub method: Method,
    /// Where to.
    pub url: Url,
    /// Header fields.
    pub headers: HeaderMap,
    /// The body; empty for none.
    pub body: Vec<u8>,
    /// How long all of it may take, the answer's body included.
    pub timeout: Duration,
    /// How much of the answer's body is read, in bytes.
    pub answer_bytes_max: usize,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// Header fields.
    pub headers: HeaderMap,
    /// The body, up to the call's bound.
    pub body: Vec<u8>,
    /// There was more.
    pub cut: bool,
}

impl Client {
    /// Builds a client.
    ///
    /// # Errors
    /// Certificates that cannot be read.
    pub fn new(settings: ClientSettings) -> Result<Self, SetupError> {
        install_tls_provider();
        let allow_private = settings.allow_private;
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("firebell/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .no_proxy()
            .referer(false)
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_max_idle_per_host(IDLE_PER_HOST_MAX)
            .dns_resolver(Guard { allow_private, lookup: settings.lookup });
        if let Some(pem) = &settings.ca_pem {
            let authorities = reqwest::Certificate::from_pem_bundle(pem).map_err(bad_ca)?;
            builder = builder.tls_certs_merge(authorities);
        }
        let http = builder.build().map_err(bad_ca)?;
        Ok(Self { http, allow_private })
    }

    /// Sends a request and reads the answer.
    ///
    /// # Errors
    /// Why there was no answer: forbidden or unreachable address, time, TLS.
    pub async fn call(&self, call: Call) -> Result<Answer, Why> {
        self.permit(&call.url)?;
        let request = self
            .http
            .request(call.method, call.url)
            .headers(call.headers)
            .timeout(call.timeout)
            .body(call.body);
        let mut response = request.send().await.map_err(|error| why(&error))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let (mut body, mut cut) = (Vec::new(), false);
        while let Some(chunk) = response.chunk().await.map_err(|error| why(&error))? {
            let room = call.answer_bytes_max - body.len();
            body.extend_from_slice(&chunk[..chunk.len().min(room)]);
            if chunk.len() > room {
                cut = true;
                break;
            }
        }
        Ok(Answer { status, headers, body, cut })
    }

    /// Checks what the resolver never sees: the scheme, and addresses written as numbers.
    fn permit(&self, url: &Url) -> Result<(), Why> {
        match url.scheme() {
            "https" => {}
            "http" if self.allow_private => {}
            "http" => return Err(Why::with(WhyCode::Insecure, "http://")),
            other => return Err(Why::with(WhyCode::BadAddress, other)),
        }
        let host = url.host_str().ok_or(Why::new(WhyCode::BadAddress))?;
        let literal = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        match literal {
            Ok(ip) if !address::may_call(ip, self.allow_private) => {
                Err(Why::with(WhyCode::ForbiddenAddress, host))
            }
            Ok(_) | Err(_) => Ok(()),
        }
    }
}

fn bad_ca(error: reqwest::Error) -> SetupError {
    let detail = root(&error);
    SetupError::new(
        "ca",
        format!("证书无法使用：{detail}"),
        format!("the certificates cannot be used: {detail}"),
    )
}

/// A resolver that lets nothing through but permitted addresses. The connection is made to exactly
/// the addresses checked here, so a name that changes its mind in between gains nothing.
struct Guard {
    allow_private: bool,
    lookup: Lookup,
}

/// A name led to an address that must not be called.
#[derive(Debug, thiserror::Error)]
#[error("{host} leads to {address}")]
struct Forbidden {
    host: String,
    address: IpAddr,
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let host = name.as_str().to_owned();
        let found = (self.lookup)(host.clone());
        let allow_private = self.allow_private;
        Box::pin(async move {
            let found = found.await?;
            match found.iter().find(|ip| !address::may_call(**ip, allow_private)) {
                Some(address) => Err(Forbidden { host, address: *address }.into()),
                None => Ok(Box::new(found.into_iter().map(|ip| SocketAddr::new(ip, 0))) as Addrs),
            }
        })
    }
}

/// Sorts a failure into a reason by what lies beneath it. The address is left out: it may hold a
/// secret in its path or query.
fn why(error: &reqwest::Error) -> Why {
    if let Some(forbidden) = causes(error).find_map(|c| c.downcast_ref::<Forbidden>()) {
        return Why::with(WhyCode::ForbiddenAddress, forbidden);
    }
    if let Some(fault) = tls_fault(error) {
        return Why::with(WhyCode::Insecure, fault);
    }
    if error.is_timeout() {
        return Why::new(WhyCode::TimedOut);
    }
    let code = if error.is_builder() { WhyCode::BadRequest } else { WhyCode::Unreachable };
    Why::with(code, root(error))
}

#[cfg(test)]
mod tests;

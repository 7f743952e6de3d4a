//! E-mail through a server. Encryption is explicit: STARTTLS that must succeed, TLS from the first
//! byte, or none to the own machine alone.

use std::net::IpAddr;
use std::sync::OnceLock;
use std::time::Duration;

use futures_util::future::BoxFuture;
use lettre::transport::smtp::PoolConfig;
use lettre::transport::smtp::authentication::Credentials as LettreCredentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::transport::smtp::{self, AsyncSmtpTransportBuilder};
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor};

use super::compose::{Sender, compose};
use crate::notify::cause::tls_fault;
use crate::notify::channel::{Channel, Delivery};
use crate::notify::outgoing::Outgoing;
use crate::notify::secret::Secret;
use crate::notify::setup::SetupError;
use crate::notify::why::{Why, WhyCode};

/// How long a whole attempt may take, as a multiple of the time one command may take: greeting,
/// EHLO, STARTTLS, AUTH, envelope and data are each bounded, and so is their sum.
const COMMANDS_PER_ATTEMPT: u32 = 4;

/// How a connection is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// Begins in the clear and must be upgraded before anything else (port 587).
    StartTls,
    /// Encrypted from the first byte (port 465).
    Tls,
    /// In the clear; only to the own machine.
    None,
}

impl Security {
    /// Returns the port that goes with it.
    #[must_use]
    pub const fn default_port(self) -> u16 {
        match self {
            Self::StartTls => 587,
            Self::Tls => 465,
            Self::None => 25,
        }
    }
}

/// A name and a password for the server.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// The name.
    pub user: String,
    /// The password.
    pub password: Secret,
}

/// How the server is reached.
#[derive(Debug, Clone)]
pub struct SmtpSettings {
    /// The server's name, which its certificate must bear.
    pub host: String,
    /// Its port; `None` for the usual one of the protection.
    pub port: Option<u16>,
    /// How the connection is protected.
    pub security: Security,
    /// How to log in.
    pub credentials: Option<Credentials>,
    /// Who the mail comes from.
    pub from: String,
    /// How long one command may take.
    pub timeout: Duration,
    /// Connections kept open.
    pub connections: u32,
    /// Further certificate authorities, in PEM.
    pub ca_pem: Option<Vec<u8>>,
}

impl SmtpSettings {
    /// Makes the settings that suit most.
    #[must_use]
    pub fn new(host: impl Into<String>, security: Security, from: impl Into<String>) -> Self {
        Self {
            host: host.into(),
            port: None,
            security,
            credentials: None,
            from: from.into(),
            timeout: Duration::from_secs(10),
            connections: 4,
            ca_pem: None,
        }
    }
}

/// The channel.
pub struct Smtp {
    builder: AsyncSmtpTransportBuilder,
    // The pool starts a task, so it is made by the first message, inside the runtime.
    transport: OnceLock<AsyncSmtpTransport<Tokio1Executor>>,
    sender: Sender,
    attempt_timeout: Duration,
}

impl Smtp {
    /// Builds the channel. It does not connect yet.
    ///
    /// # Errors
    /// A sender that is no mailbox, an unprotected connection to another machine, certificates that
    /// cannot be read.
    pub fn new(settings: SmtpSettings) -> Result<Self, SetupError> {
        let sender = Sender::parse(&settings.from)?;
        let tls = tls(&settings)?;
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&settings.host)
            .port(settings.port.unwrap_or(settings.security.default_port()))
            .timeout(Some(settings.timeout))
            .pool_config(PoolConfig::new().max_size(settings.connections.max(1)))
            .tls(tls);
        if let Some(Credentials { user, password }) = settings.credentials {
            builder =
                builder.credentials(LettreCredentials::new(user, password.expose().to_owned()));
        }
        let attempt_timeout = settings.timeout * COMMANDS_PER_ATTEMPT;
        Ok(Self { builder, transport: OnceLock::new(), sender, attempt_timeout })
    }

    async fn deliver(&self, outgoing: &Outgoing) -> Delivery {
        let message = match compose(&self.sender, outgoing) {
            Ok(message) => message,
            Err(why) => return Delivery::Refused { why },
        };
        let transport = self.transport.get_or_init(|| self.builder.clone().build());
        match tokio::time::timeout(self.attempt_timeout, transport.send(message)).await {
            Ok(Ok(_)) => Delivery::Delivered,
            Ok(Err(error)) => judge(&error),
            Err(_) => Delivery::Retry { after: None, why: Why::new(WhyCode::TimedOut) },
        }
    }
}

impl Channel for Smtp {
    fn send<'a>(&'a self, outgoing: &'a Outgoing) -> BoxFuture<'a, Delivery> {
        Box::pin(self.deliver(outgoing))
    }
}

fn tls(settings: &SmtpSettings) -> Result<Tls, SetupError> {
    if settings.security == Security::None {
        return if is_own_machine(&settings.host) {
            Ok(Tls::None)
        } else {
            Err(SetupError::new(
                "security",
                "不加密的连接只允许连到本机，请改用 starttls 或 tls",
                "an unprotected connection may only go to this machine, use starttls or tls",
            ))
        };
    }
    let mut parameters = TlsParameters::builder(settings.host.clone());
    if let Some(pem) = &settings.ca_pem {
        parameters = parameters.add_root_certificate(Certificate::from_pem(pem).map_err(bad_ca)?);
    }
    let parameters = parameters.build_rustls().map_err(bad_ca)?;
    Ok(match settings.security {
        Security::Tls => Tls::Wrapper(parameters),
        Security::StartTls | Security::None => Tls::Required(parameters),
    })
}

fn bad_ca(error: smtp::Error) -> SetupError {
    SetupError::new(
        "ca",
        format!("证书无法使用：{error}"),
        format!("the certificates cannot be used: {error}"),
    )
}

fn is_own_machine(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Replies that say that the credentials, or the lack of them, are at fault: RFC 4954 §6.
const NOT_AUTHORISED: [u16; 4] = [530, 534, 535, 538];

/// Sorts a failure: 4yz later, 5yz never, and what no retry can mend goes to the operator.
fn judge(error: &smtp::Error) -> Delivery {
    if let Some(code) = error.status() {
        let code = u16::from(code);
        return match code {
            _ if NOT_AUTHORISED.contains(&code) => {
                Delivery::Misconfigured { why: Why::with(WhyCode::NotAuthorised, error) }
            }
            400..=499 => Delivery::Retry { after: None, why: Why::with(WhyCode::Busy, error) },
            _ => Delivery::Refused { why: Why::with(WhyCode::Rejected, error) },
        };
    }
    if tls_fault(error).is_some() || error.is_tls() {
        return Delivery::Misconfigured { why: Why::with(WhyCode::Insecure, error) };
    }
    if error.is_client() {
        return judge_client(error);
    }
    let code = if error.is_timeout() { WhyCode::TimedOut } else { WhyCode::Unreachable };
    Delivery::Retry { after: None, why: Why::with(code, error) }
}

/// Sorts what our side of the conversation found missing in the server. Only the words tell which.
fn judge_client(error: &smtp::Error) -> Delivery {
    let said = error.to_string();
    if said.contains("STARTTLS") {
        Delivery::Misconfigured { why: Why::with(WhyCode::Insecure, said) }
    } else if said.contains("authentication") {
        Delivery::Misconfigured { why: Why::with(WhyCode::NotAuthorised, said) }
    } else {
        // An address in letters that the server does not take.
        Delivery::Refused { why: Why::with(WhyCode::Rejected, said) }
    }
}

#[cfg(test)]
mod tests;

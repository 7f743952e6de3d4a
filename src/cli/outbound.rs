//! From configured channels to open ways out.

use std::collections::BTreeMap;

use super::exit::{Exit, Stop};
use super::screen::Screen;
use crate::config::{self, Calendar, Channel, ChannelKind, Config, Host, SmtpTls};
use crate::id::ScheduleId;
use crate::notify::pace::Pace;
use crate::notify::{
    self, ChannelSettings, Channels, Credentials, EmlSettings, HookSettings, Hosts, KindSettings,
    Security, SmtpSettings, WebhookSettings,
};
use crate::runtime::{CalendarPlace, CalendarSource, Outbound};

/// Who mail comes from that is written to files and never sent.
const EML_FROM: &str = "firebell <firebell@localhost>";

/// Builds every channel of a configuration.
///
/// # Errors
/// Channels whose settings cannot be used, all of them.
pub fn open(config: &Config, screen: &Screen) -> Result<Outbound, Stop> {
    notify::install_tls_provider();
    let settings = config.channels.values().map(|channel| (channel.id.clone(), settings(channel)));
    let channels = Channels::build(settings).map_err(|errors| {
        let lines = errors.iter().map(|(id, error)| {
            format!("channels.{id}.{}: {}", error.field, error.text.get(screen.lang))
        });
        Stop::new(Exit::Failure, lines.collect::<Vec<_>>().join("\n"))
    })?;
    let http = notify::Client::new(notify::ClientSettings::new(true))
        .map_err(|error| Stop::new(Exit::Failure, error.text.get(screen.lang)))?;
    let hosts = |list: &[Host]| Hosts::new(list.iter().map(|host| (host.name.as_str(), host.port)));
    let (drill_hosts, http_hosts) = (hosts(&config.drill_hosts), hosts(&config.http_hosts));
    Ok(Outbound::new(channels, http, drill_hosts, http_hosts))
}

/// Says where schedules have their calendars from, and what may call for them.
///
/// # Errors
/// No client can be made.
pub fn calendars(
    config: &Config,
    screen: &Screen,
) -> Result<BTreeMap<ScheduleId, CalendarSource>, Stop> {
    let client = |allow_private| {
        notify::Client::new(notify::ClientSettings::new(allow_private))
            .map_err(|error| Stop::new(Exit::Failure, error.text.get(screen.lang)))
    };
    let source = |calendar: &Calendar| {
        let place = match &calendar.place {
            config::CalendarPlace::File(path) => CalendarPlace::File(path.clone()),
            config::CalendarPlace::Address { url, allow_private } => {
                CalendarPlace::Address { url: url.clone(), client: client(*allow_private)? }
            }
        };
        let every = calendar.refresh.try_into().unwrap_or(jiff::SignedDuration::from_hours(1));
        Ok::<_, Stop>(CalendarSource { place, every })
    };
    let each = config.calendars.iter();
    each.map(|(id, calendar)| Ok((id.clone(), source(calendar)?))).collect()
}

fn settings(channel: &Channel) -> ChannelSettings {
    let kind = match &channel.kind {
        ChannelKind::Smtp(smtp) => KindSettings::Smtp(SmtpSettings {
            port: Some(smtp.port),
            credentials: smtp.login.as_ref().map(|login| Credentials {
                user: login.username.clone(),
                password: login.password.clone(),
            }),
            timeout: smtp.timeout,
            ..SmtpSettings::new(&smtp.host, security(smtp.tls), &smtp.from)
        }),
        ChannelKind::Eml { dir } => {
            KindSettings::Eml(EmlSettings { directory: dir.clone(), from: EML_FROM.to_owned() })
        }
        ChannelKind::Webhook(webhook) => KindSettings::Webhook(WebhookSettings {
            secrets: vec![webhook.secret.clone()],
            allow_private: webhook.allow_private,
            timeout: webhook.timeout,
            ..WebhookSettings::default()
        }),
        ChannelKind::Hook(hook) => KindSettings::Hook(HookSettings {
            service: hook.service.clone(),
            allow_private: hook.allow_private,
            timeout: hook.timeout,
            pace: hook.per_minute.map(Pace::per_minute),
        }),
    };
    ChannelSettings {
        kind,
        to: channel.to.clone(),
        drills: channel.drill,
        at_most: channel.at_most,
    }
}

const fn security(tls: SmtpTls) -> Security {
    match tls {
        SmtpTls::StartTls => Security::StartTls,
        SmtpTls::Implicit => Security::Tls,
        SmtpTls::None => Security::None,
    }
}

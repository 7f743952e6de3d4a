//! Single values: durations, ids, addresses, hosts, paths, secrets.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use jiff::civil::{Date, DateTime, Time};
use jiff::{Span as Calendar, SpanRelativeTo, Unit};

use crate::config::code::{BAD_ADDRESS, INSECURE};
use crate::config::mailbox::is_mailbox;
use crate::config::model::Host;
use crate::config::scope::Scope;
use crate::config::secret;
use crate::notify::Secret;
use crate::playbook::diagnostic::{Diagnostic, both};
use crate::playbook::yaml::{BAD_VALUE, Key, Node};
use crate::text::{Lang, Text};

use super::Reader;

/// Where the server listens when nothing is said: this machine only.
const LISTEN: &str = "127.0.0.1:8080";

/// The longest id: it stands in URLs, tables and messages.
const ID_CHARS_MAX: usize = 64;

/// The most entries of an allow-list: it is walked for every call.
const HOSTS_MAX: usize = 1_000;

impl<'i> Reader<'i, '_> {
    /// Reports a value that does not parse, with what it should look like.
    pub(super) fn bad(&mut self, node: &Node, message: Text, help: Text) {
        self.out.push(Diagnostic::new(BAD_ADDRESS, message).at(node.span).help(help));
    }

    /// Checks that an id is one: letters, digits, `-` and `_`.
    pub(super) fn check_id(&mut self, key: &Key) {
        let inner = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
        let id = &key.text;
        let good = id.starts_with(char::is_alphanumeric)
            && id.chars().all(inner)
            && id.chars().count() <= ID_CHARS_MAX;
        if !good {
            let finding = Diagnostic::new(
                BAD_VALUE,
                both!("`{id}` 不能用作标识", "`{id}` cannot be an id"),
            )
            .at(key.span)
            .help(both!(
                "用字母、数字、`-`、`_`，以字母或数字开头，不超过 {ID_CHARS_MAX} 个字符",
                "use letters, digits, `-` and `_`, at most {ID_CHARS_MAX}, a letter or digit first"
            ));
            self.out.push(finding);
        }
    }

    pub(super) fn lang(&mut self, node: &Node) -> Option<Lang> {
        node.one_of(&[("zh", Lang::Zh), ("en", Lang::En)], self.out)
    }

    /// Reads a path; one in the file is meant from the file's directory.
    pub(super) fn path(&mut self, node: &Node) -> Option<PathBuf> {
        let path = node.string(self.out)?;
        let in_file = node.span.start < self.file_end;
        Some(if in_file { self.inputs.dir.join(path) } else { PathBuf::from(path) })
    }

    pub(super) fn path_or(&mut self, node: Option<&Node>, default: &str) -> PathBuf {
        let read = node.and_then(|node| self.path(node));
        read.unwrap_or_else(|| self.inputs.dir.join(default))
    }

    /// Reads a duration such as `90s`, `5m` or `7d`, between two bounds.
    pub(super) fn duration(
        &mut self,
        node: &Node,
        least: Duration,
        most: Duration,
    ) -> Option<Duration> {
        let text = node.string(self.out)?;
        let Some(duration) = parse_duration(text) else {
            self.bad(
                node,
                both!("`{text}` 不是时长", "`{text}` is not a duration"),
                both!("例如 `90s`、`5m`、`1h30m`、`7d`", "such as `90s`, `5m`, `1h30m`, `7d`"),
            );
            return None;
        };
        if !(least..=most).contains(&duration) {
            let (least, most) = (in_words(least), in_words(most));
            let finding = Diagnostic::new(
                BAD_VALUE,
                both!(
                    "`{text}` 超出范围：{least} 到 {most}",
                    "`{text}` is out of range: {least} to {most}"
                ),
            );
            self.out.push(finding.at(node.span));
            return None;
        }
        Some(duration)
    }

    /// Reads a secret from where the value says it is.
    pub(super) fn secret(&mut self, node: &'_ Node) -> Option<Secret> {
        let reference = match node.as_str() {
            Some(text) => text.to_owned(),
            // A number is a secret written down, too; say so rather than ask for quotes.
            None => String::new(),
        };
        let Self { inputs, out, .. } = self;
        let found =
            secret::resolve(&reference, node.span, inputs.env, inputs.dir, inputs.secret_file);
        out.ok(found)
    }

    /// Reads an `http` or `https` URL without credentials in it.
    pub(super) fn url(&mut self, node: &Node, allow_plain: bool) -> Option<String> {
        let text = node.string(self.out)?;
        let url = reqwest::Url::parse(text).ok().filter(|url| {
            matches!(url.scheme(), "http" | "https")
                && url.has_host()
                && url.username().is_empty()
                && url.password().is_none()
        });
        let Some(url) = url else {
            self.bad(
                node,
                both!("这不是可用的网址", "this is not a URL that can be called"),
                both!(
                    "写 `https://主机/路径`，不带用户名和密码",
                    "write `https://host/path` without user name and password"
                ),
            );
            return None;
        };
        let host = url.host_str().unwrap_or_default();
        if url.scheme() == "http" && !allow_plain && !is_loopback(host) {
            let finding = Diagnostic::new(
                INSECURE,
                both!("`{host}` 以明文方式调用", "`{host}` would be called in the clear"),
            );
            self.out.push(finding.at(node.span).help(both!("改用 `https://`", "use `https://`")));
        }
        Some(text.to_owned())
    }

    pub(super) fn public_url(&mut self, node: &Node) -> Option<String> {
        self.url(node, true).map(|url| url.trim_end_matches('/').to_owned())
    }

    /// Checks an address for e-mail.
    pub(super) fn mailbox(&mut self, node: &Node) -> Option<String> {
        let text = node.string(self.out)?;
        if !is_mailbox(text) {
            self.bad(
                node,
                both!("`{text}` 不是邮箱地址", "`{text}` is not a mailbox"),
                both!("例如 `li@shop.example`", "such as `li@shop.example`"),
            );
            return None;
        }
        Some(text.to_owned())
    }

    pub(super) fn listen(&mut self, node: Option<&Node>) -> SocketAddr {
        let default = || LISTEN.parse().expect("the default is an address");
        let Some(node) = node else { return default() };
        let Some(text) = node.string(self.out) else { return default() };
        let numeric = text.replace("localhost:", "127.0.0.1:");
        numeric.parse().unwrap_or_else(|_| {
            self.bad(
                node,
                both!("`{text}` 不是监听地址", "`{text}` is not an address to listen on"),
                both!(
                    "例如 `127.0.0.1:8080`；`0.0.0.0:8080` 对所有网卡开放",
                    "such as `127.0.0.1:8080`; `0.0.0.0:8080` opens it on every interface"
                ),
            );
            default()
        })
    }

    /// Reads an allow-list of hosts.
    pub(super) fn hosts(&mut self, node: Option<&Node>) -> Vec<Host> {
        let Some(items) = node.and_then(|node| node.list(self.out)) else { return Vec::new() };
        let mut hosts = Vec::new();
        for node in items.iter().take(HOSTS_MAX) {
            let Some(text) = node.string(self.out) else { continue };
            match Host::parse(text) {
                Some(host) => hosts.push(host),
                None => self.bad(
                    node,
                    both!("`{text}` 不是主机", "`{text}` is not a host"),
                    both!(
                        "写 `ops.example` 或 `ops.example:8443`，不带 `https://` 和路径",
                        "write `ops.example` or `ops.example:8443`, no `https://` and no path"
                    ),
                ),
            }
        }
        hosts
    }

    pub(super) fn scopes(&mut self, items: &[Node]) -> std::collections::BTreeSet<Scope> {
        let words = [
            ("viewer", Scope::Viewer),
            ("responder", Scope::Responder),
            ("commander", Scope::Commander),
            ("admin", Scope::Admin),
        ];
        items.iter().filter_map(|node| node.one_of(&words, self.out)).collect()
    }

    pub(super) fn date(&mut self, node: &Node) -> Option<Date> {
        let text = node.string(self.out)?;
        let date = text.parse().ok().filter(|_| text.len() == "2026-11-01".len());
        if date.is_none() {
            self.bad(
                node,
                both!("`{text}` 不是日期", "`{text}` is not a date"),
                both!("例如 `2026-11-01`", "such as `2026-11-01`"),
            );
        }
        date
    }

    pub(super) fn time(&mut self, node: &Node) -> Option<Time> {
        let text = node.string(self.out)?;
        let time = parse_time(text);
        if time.is_none() {
            self.bad(
                node,
                both!("`{text}` 不是一天中的时刻", "`{text}` is not a time of day"),
                both!("例如 `09:00`、`23:30`", "such as `09:00`, `23:30`"),
            );
        }
        time
    }
}

/// Tells whether a host is this machine itself.
pub(super) fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Parses a duration of fixed length; months and years have none.
pub(super) fn parse_duration(text: &str) -> Option<Duration> {
    let compact = text.chars().all(|c| c.is_ascii_digit() || "smhdw".contains(c));
    if !compact || !text.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let span: Calendar = text.parse().ok()?;
    let days = SpanRelativeTo::days_are_24_hours();
    let seconds = span.total((Unit::Second, days)).ok()?;
    Duration::try_from_secs_f64(seconds).ok()
}

/// Writes a bound in its largest whole unit, as the file would.
fn in_words(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let units = [(86_400, "d"), (3_600, "h"), (60, "m")];
    let whole = units.iter().find(|(unit, _)| seconds > *unit && seconds.is_multiple_of(*unit));
    whole.map_or(format!("{seconds}s"), |(unit, letter)| format!("{}{letter}", seconds / unit))
}

/// Parses `9:00`, `09:00` and `24:00`, which is midnight.
pub(super) fn parse_time(text: &str) -> Option<Time> {
    let (hour, minute) = text.split_once(':')?;
    let digits = |part: &str| part.chars().all(|c| c.is_ascii_digit());
    if !digits(hour) || !digits(minute) || minute.len() != 2 || !(1..=2).contains(&hour.len()) {
        return None;
    }
    match (hour.parse().ok()?, minute.parse().ok()?) {
        (24, 0) => Some(Time::midnight()),
        (hour, minute) => Time::new(hour, minute, 0, 0).ok(),
    }
}

/// Parses `2026-11-02`, and `2026-11-02T09:00` with `T` or a space.
pub(super) fn parse_moment(text: &str) -> Option<(Date, Option<Time>)> {
    match text.split_once(['T', ' ']) {
        Some((date, time)) => Some((date.parse().ok()?, Some(parse_time(time)?))),
        None => Some((text.parse().ok().filter(|_| text.len() == 10)?, None)),
    }
}

/// Parses a civil date and time.
pub(super) fn parse_civil(text: &str) -> Option<DateTime> {
    let (date, time) = parse_moment(text)?;
    Some(date.to_datetime(time.unwrap_or(Time::midnight())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_a_fixed_length() {
        let seconds = |text| parse_duration(text).map(|d| d.as_secs());
        assert_eq!(seconds("90s"), Some(90));
        assert_eq!(seconds("1h30m"), Some(5400));
        assert_eq!(seconds("7d"), Some(604_800));
        assert_eq!(seconds("2w"), Some(1_209_600));
        for text in ["", "5", "1mo", "1y", "-5m", "5 m", "m5", "1.5h", "PT5M", "99999999999999w"] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }

    #[test]
    fn times_of_day_are_hours_and_minutes() {
        assert_eq!(parse_time("9:05"), Time::new(9, 5, 0, 0).ok());
        assert_eq!(parse_time("24:00"), Some(Time::midnight()));
        for text in ["24:01", "9", "9:5", "9:60", "009:00", "+9:00", ":00", "09:00:00"] {
            assert_eq!(parse_time(text), None, "{text}");
        }
    }

    #[test]
    fn loopback_is_this_machine_only() {
        for host in ["localhost", "127.0.0.1", "127.9.9.9", "::1", "[::1]"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in ["localhost.evil.example", "10.0.0.1", "0.0.0.0", "mail"] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}

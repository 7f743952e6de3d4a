//! Reads `probe`: what an exercise asks of something outside.

use std::collections::BTreeMap;

use crate::drill::file::code::{BAD_PROBE, TOO_MANY};
use crate::drill::file::moment::moment;
use crate::drill::file::words::Plan;
use crate::drill::probe::{Probe, URL_BYTES_MAX, WANTED_MAX};
use crate::playbook::diagnostic::{Diagnostic, Diagnostics, both};
use crate::playbook::yaml::{Fields, Node};
use crate::text::Text;

/// Reads `{ url, at, expect: { status, json } }`.
pub(super) fn probe(node: &Node, plan: Plan<'_>, out: &mut Diagnostics) -> Option<Probe> {
    let mut fields = Fields::open(node, Text::both("探测", "a probe"), out)?;
    let url = fields.require("url", out).and_then(|node| url(node, out));
    let at = fields.take("at").map(|node| moment(node, plan, out));
    let expect = fields.take("expect");
    fields.close(out);
    let (status, json) = match expect {
        Some(node) => answer(node, out)?,
        None => (Vec::new(), BTreeMap::new()),
    };
    let at = match at {
        Some(at) => Some(at?),
        None => None,
    };
    Some(Probe { url: url?, at, status, json })
}

fn url(node: &Node, out: &mut Diagnostics) -> Option<String> {
    let written = node.string(out)?;
    let rest = written.strip_prefix("https://").or_else(|| written.strip_prefix("http://"));
    let host = rest.map(|rest| rest.split(['/', '?', '#']).next().unwrap_or_default());
    let message = if written.len() > URL_BYTES_MAX {
        both!("网址最长 {URL_BYTES_MAX} 字节", "an address has at most {URL_BYTES_MAX} bytes")
    } else if host.is_none_or(|host| host.is_empty() || host.contains('@')) {
        both!("`{written}` 不是可以探测的网址", "`{written}` is no address that can be asked")
    } else if written.contains(|c: char| c.is_whitespace() || c.is_control()) {
        both!("网址里不能有空白", "an address has no white space")
    } else {
        return Some(written.to_owned());
    };
    let help =
        both!("写法如 `https://status.example.com/api`", "like `https://status.example.com/api`");
    out.push(Diagnostic::new(BAD_PROBE, message).at(node.span).help(help));
    None
}

type Wanted = (Vec<u16>, BTreeMap<String, serde_json::Value>);

fn answer(node: &Node, out: &mut Diagnostics) -> Option<Wanted> {
    let mut fields = Fields::open(node, Text::both("期望的回答", "an expected answer"), out)?;
    let statuses = fields.take("status");
    let items = statuses.map(|node| node.as_list().unwrap_or(std::slice::from_ref(node)));
    let items = items.unwrap_or_default();
    let read: Vec<u16> = items
        .iter()
        .filter_map(|item| item.integer(100, 599, out))
        .filter_map(|status| u16::try_from(status).ok())
        .collect();
    let entries = fields.map("json", out);
    fields.close(out);
    if items.len() > WANTED_MAX || entries.len() > WANTED_MAX {
        let message = both!(
            "状态和 JSON 处各最多 {WANTED_MAX} 个",
            "at most {WANTED_MAX} statuses and {WANTED_MAX} places"
        );
        out.push(Diagnostic::new(TOO_MANY, message).at(node.span));
        return None;
    }
    let mut json = BTreeMap::new();
    for entry in &entries {
        let pointer = &entry.key.text;
        if !pointer.is_empty() && !pointer.starts_with('/') {
            let meant = format!("/{}", pointer.trim_start_matches(['$', '.']).replace('.', "/"));
            let message = both!("`{pointer}` 不是 JSON 指针", "`{pointer}` is not a JSON pointer");
            let help = both!("是否想写 `{meant}`？", "did you mean `{meant}`?");
            out.push(Diagnostic::new(BAD_PROBE, message).at(entry.key.span).help(help));
            continue;
        }
        json.insert(pointer.clone(), entry.value.to_json());
    }
    (read.len() == items.len() && json.len() == entries.len()).then_some((read, json))
}

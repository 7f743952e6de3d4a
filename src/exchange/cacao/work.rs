//! What one action of the standard becomes: a request where it is one and nothing else, and
//! otherwise work for a person with the command as inert text.

use base64::Engine as _;

use crate::exchange::cacao::address::{self, Address};
use crate::exchange::cacao::author::Author;
use crate::exchange::cacao::graph::Part;
use crate::exchange::cacao::variable;
use crate::exchange::draft::put;
pub(super) use crate::exchange::draft::tidy;
use crate::playbook::yaml::{Data, Node};

/// The keys of a step that is being made, and remarks by key.
#[derive(Debug, Default)]
pub(super) struct Work {
    pub(super) fields: Vec<(String, Node)>,
    pub(super) remarks: Vec<(&'static str, String)>,
}

impl Work {
    pub(super) fn put(&mut self, key: &str, value: impl Into<Node>) {
        put(&mut self.fields, key, value);
    }
}

const METHODS: [&str; 6] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"];

/// Reads what an action does.
pub(super) fn of(author: &Author<'_>, part: &Part<'_>) -> Work {
    let commands = part.node.get("commands").and_then(Node::as_list).unwrap_or_default();
    if let [one] = commands
        && kind(one) == "http-api"
    {
        match request(author, part, one) {
            Some(work) => return work,
            None => {
                let mut work = by_hand(author, part, commands);
                let says = author.says(
                    "请求缺少主机、方法不明或正文不是 JSON，改为人工步骤",
                    "the request has no host, no known method, or a body that is not JSON: \
                     it became work for a person",
                );
                work.remarks.push(("instructions", says));
                return work;
            }
        }
    }
    by_hand(author, part, commands)
}

fn kind(command: &Node) -> &str {
    command.get("type").and_then(Node::as_str).unwrap_or_default()
}

/// Returns the text of a command, decoded where it is in base64 and is text.
fn text_of(command: &Node, key: &str) -> Option<String> {
    if let Some(text) = command.get(key).and_then(Node::as_str) {
        return Some(text.to_owned());
    }
    let coded = command.get(&format!("{key}_b64")).and_then(Node::as_str)?;
    let bytes = base64::engine::general_purpose::STANDARD.decode(coded.trim()).ok();
    let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    Some(text.filter(|text| is_text(text)).unwrap_or_else(|| format!("base64: {coded}")))
}

fn is_text(text: &str) -> bool {
    text.chars().all(|c| !c.is_control() || matches!(c, '\n' | '\t'))
}

/// Makes work for a person of commands of any kind. Nothing of them is ever run.
fn by_hand(author: &Author<'_>, part: &Part<'_>, commands: &[Node]) -> Work {
    let mut work = Work::default();
    let mut said: Vec<String> = part.text("description").map(str::to_owned).into_iter().collect();
    let targets = author.targets(part);
    for command in commands {
        said.extend(command.get("description").and_then(Node::as_str).map(str::to_owned));
        let kind = kind(command);
        let text = text_of(command, "command").unwrap_or_default();
        if kind == "manual" {
            said.push(text);
            continue;
        }
        let on = if targets.is_empty() {
            String::new()
        } else {
            let on = targets.join(author.says("、", ", ").as_str());
            author.says(&format!("，对象：{on}"), &format!(" on {on}"))
        };
        said.push(author.says(
            &format!("由人执行的命令（{kind}）{on}："),
            &format!("A command ({kind}) to be run by a person{on}:"),
        ));
        said.push(fenced(kind, &text));
        said.extend(text_of(command, "content").map(|content| fenced("", &content)));
    }
    said.extend(author.arguments(part));
    let said: Vec<String> = said.into_iter().filter(|text| !text.trim().is_empty()).collect();
    if !said.is_empty() {
        work.put("instructions", tidy(&said.join("\n\n")));
    }
    let form = author.form(part);
    if !form.is_empty() {
        work.put("form", Node::map_of(form));
    }
    if commands.iter().any(|command| kind(command) != "manual") {
        let says = author.says(
            "命令仅作为文字保留，firebell 不会执行它",
            "the command is kept as text alone; firebell never runs it",
        );
        work.remarks.push(("instructions", says));
    }
    work
}

/// Puts a command between fences that nothing in it can close.
fn fenced(language: &str, text: &str) -> String {
    let mut fence = "```".to_owned();
    while text.contains(&fence) {
        fence.push('`');
    }
    format!("{fence}{language}\n{}\n{fence}", text.trim_end_matches('\n'))
}

/// Makes a request, where the command says all that one needs.
fn request(author: &Author<'_>, part: &Part<'_>, command: &Node) -> Option<Work> {
    let line = command.get("command").and_then(Node::as_str)?;
    let mut words = line.split_whitespace();
    let (method, path) = (words.next()?, words.next()?);
    METHODS.contains(&method).then_some(())?;
    let mut headers: Vec<(String, Node)> = Vec::new();
    let mut host = None;
    for entry in command.get("headers").and_then(Node::as_map).unwrap_or_default() {
        let values = entry.value.as_list().unwrap_or_default().iter().filter_map(Node::as_str);
        let value = values.collect::<Vec<_>>().join(", ");
        if entry.key.text.eq_ignore_ascii_case("host") {
            host = Some(value);
        } else {
            headers.push((entry.key.text.clone(), Node::text_of(author.template(&value))));
        }
    }
    let (url, others) = if address::is_absolute(path) {
        (path.to_owned(), Vec::new())
    } else if let Some(Address { base, others }) = author.address(part) {
        (address::join(&base, path), others)
    } else {
        let host = host.filter(|host| !host.is_empty())?;
        (address::join(&format!("https://{host}"), path), Vec::new())
    };
    let mut http = Vec::new();
    put(&mut http, "method", method);
    put(&mut http, "url", author.template(&url));
    if !headers.is_empty() {
        put(&mut http, "headers", Node::map_of(headers));
    }
    if let Some(content) = text_of(command, "content") {
        let body: serde_json::Value = serde_json::from_str(&content).ok()?;
        put(&mut http, "body", templates(author, &body, 0)?);
    }
    let mut work = Work::default();
    work.put("http", Node::map_of(http));
    let says = author.says(
        "主机列入 http_hosts 之后才会发出这个请求；CACAO 的认证信息未带入",
        "the request stays off until its host is on http_hosts in the configuration; \
         authentication of CACAO is not carried over",
    );
    work.remarks.push(("http", says));
    if !others.is_empty() {
        let others = tidy(&others.join(", ")).replace('\n', " ");
        let says = author.says(
            &format!("该系统还有其他地址，未使用：{others}"),
            &format!("the system has further addresses, which are not used: {others}"),
        );
        work.remarks.push(("http", says));
    }
    let out = part.node.get("out_args").is_some();
    if out {
        let says = author.says(
            "CACAO 没有说明 out_args 从回答的何处取得：请用 save 写明",
            "CACAO does not say where in the answer its out_args stand: say it with `save`",
        );
        work.remarks.push(("http", says));
    }
    if let Some(text) = part.text("description") {
        work.remarks.push(("http", text.to_owned()));
    }
    Some(work)
}

/// The deepest body that is read.
const BODY_DEPTH_MAX: usize = 24;

fn templates(author: &Author<'_>, json: &serde_json::Value, depth: usize) -> Option<Node> {
    use serde_json::Value;
    (depth < BODY_DEPTH_MAX).then_some(())?;
    Some(match json {
        Value::Null => Node::of(Data::Null),
        Value::Bool(value) => Node::of(Data::Bool(*value)),
        Value::Number(n) => Node::of(match n.as_i64() {
            Some(n) => Data::Integer(n),
            None => Data::Number(n.as_f64()?),
        }),
        Value::String(text) => Node::text_of(author.template(text)),
        Value::Array(items) => {
            let items: Option<Vec<Node>> =
                items.iter().map(|item| templates(author, item, depth + 1)).collect();
            Node::list_of(items?)
        }
        Value::Object(entries) => {
            let entries: Option<Vec<(String, Node)>> = entries
                .iter()
                .map(|(key, item)| Some((key.clone(), templates(author, item, depth + 1)?)))
                .collect();
            Node::map_of(entries?)
        }
    })
}

/// Turns a standard's reference into a plan's.
pub(super) fn template(author: &Author<'_>, text: &str) -> String {
    variable::to_template(text, &|name| author.known(name).map(|known| known.name))
}

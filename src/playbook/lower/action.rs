//! What steps do: one key makes the kind.

use indexmap::IndexMap;
use smol_str::SmolStr;

use crate::id::{StepId, VarId};
use crate::playbook::diagnostic::Diagnostic;
use crate::playbook::diagnostic::both;
use crate::playbook::lower::{Lowering, Noted, Site, step};
use crate::playbook::model::{
    Action, Approve, Approver, Audience, CheckItem, Decide, Evidence, HowMany, Http, Manual,
    Notify, NotifyUntil, Wait,
};
use crate::playbook::yaml::{BAD_VALUE, Data, Fields, Node, bad_value, missing};
use crate::text::Text;

/// The most items of one checklist, all levels together.
const CHECK_ITEMS_MAX: usize = 200;
/// The deepest nesting of a checklist.
const CHECK_DEPTH_MAX: usize = 4;

pub(super) const KINDS: [&str; 6] = ["notify", "http", "decide", "approve", "wait", "set"];
const BY_HAND: [&str; 5] = ["instructions", "checklist", "form", "evidence", "measure"];
const METHODS: [(&str, &str); 6] = [
    ("GET", "GET"),
    ("POST", "POST"),
    ("PUT", "PUT"),
    ("PATCH", "PATCH"),
    ("DELETE", "DELETE"),
    ("HEAD", "HEAD"),
];

impl<'n> Lowering<'n> {
    /// Reads the keys that say what the step does.
    pub(super) fn action(&mut self, fields: &mut Fields<'n>, step: &StepId) -> Option<Action> {
        if let Some(plan) = fields.take("playbook") {
            return self.other_plan(fields, plan, step);
        }
        let given: Vec<(&'static str, &'n Node)> =
            KINDS.into_iter().filter_map(|key| Some((key, fields.take(key)?))).collect();
        let (key, node) = match given.as_slice() {
            [] => return Some(Action::Manual(self.manual(fields, step))),
            [one] => *one,
            several => {
                let keys: Vec<&str> = several.iter().map(|(key, _)| *key).collect();
                self.out.push(step::conflict(several[1].1.span, &keys));
                several[0]
            }
        };
        self.no_work_by_hand(fields, key);
        match key {
            "notify" => self.notify(node).map(Action::Notify),
            "http" => self.http(node, step).map(|http| Action::Http(Box::new(http))),
            "decide" => self.decide(node).map(Action::Decide),
            "approve" => self.approve(node).map(Action::Approve),
            "wait" => self.wait(node).map(Action::Wait),
            _ => Some(Action::Set(self.set(node))),
        }
    }

    /// Refuses what only a person's step has.
    pub(super) fn no_work_by_hand(&mut self, fields: &mut Fields<'n>, key: &str) {
        for by_hand in BY_HAND {
            if let Some(entry) = fields.take_entry(by_hand) {
                self.out.push(step::conflict(entry.key.span, &[key, by_hand]).note(both!(
                    "`{by_hand}` 只用于人工步骤",
                    "`{by_hand}` belongs to a step that a person does"
                )));
            }
        }
    }

    fn manual(&mut self, fields: &mut Fields<'n>, step: &StepId) -> Manual {
        let instructions = fields.text("instructions", &mut self.out);
        let mut left = CHECK_ITEMS_MAX;
        let checklist = fields.take("checklist");
        let checklist =
            checklist.map(|node| self.checklist(node, 1, &mut left)).unwrap_or_default();
        let form = fields.take("form").map(|node| self.fields(node)).unwrap_or_default();
        for field in form.keys() {
            self.step_field(step, field);
        }
        let evidence = [("optional", Evidence::Optional), ("required", Evidence::Required)];
        let evidence = fields.take("evidence").and_then(|n| n.one_of(&evidence, &mut self.out));
        let measure = fields.take("measure").and_then(|node| {
            let measure = self.measure_name(node)?;
            self.records(&measure, node.span);
            Some(measure)
        });
        let evidence = evidence.unwrap_or_default();
        Manual { instructions, checklist, form, evidence, measure }
    }

    fn checklist(&mut self, node: &'n Node, depth: usize, left: &mut usize) -> Vec<CheckItem> {
        if depth > CHECK_DEPTH_MAX {
            let message = both!(
                "清单超过 {CHECK_DEPTH_MAX} 层",
                "a checklist is nested deeper than {CHECK_DEPTH_MAX}"
            );
            self.out.push(bad_value(node.span, message));
            return Vec::new();
        }
        let mut items = Vec::new();
        for item in node.list(&mut self.out).unwrap_or_default() {
            if *left == 0 {
                let message = both!(
                    "清单超过 {CHECK_ITEMS_MAX} 项",
                    "a checklist has more than {CHECK_ITEMS_MAX} items"
                );
                self.out.push(bad_value(item.span, message));
                break;
            }
            *left -= 1;
            items.extend(self.check_item(item, depth, left));
        }
        items
    }

    /// Reads a text, or `{ title | zh and en, optional, items }`.
    fn check_item(&mut self, node: &'n Node, depth: usize, left: &mut usize) -> Option<CheckItem> {
        if node.as_map().is_none() {
            let title = node.text(&mut self.out)?;
            return Some(CheckItem { title, optional: false, items: Vec::new() });
        }
        let what = Text::both("清单项", "a checklist item");
        let mut fields = Fields::open(node, what.clone(), &mut self.out)?;
        let optional = fields.boolean("optional", &mut self.out).unwrap_or(false);
        let title = match fields.take("title") {
            Some(title) => title.text(&mut self.out),
            None => {
                let zh = fields.string("zh", &mut self.out).map(str::to_owned);
                let en = fields.string("en", &mut self.out).map(str::to_owned);
                if zh.is_none() && en.is_none() {
                    self.out.push(missing(node.span, &what, "title"));
                    None
                } else {
                    let title = Text::Each { zh, en };
                    crate::playbook::yaml::warn_of_missing(node.span, &title, &mut self.out);
                    Some(title)
                }
            }
        };
        let items = fields.take("items");
        let items = items.map(|node| self.checklist(node, depth + 1, left)).unwrap_or_default();
        fields.close(&mut self.out);
        Some(CheckItem { title: title?, optional, items })
    }

    /// Reads a notify step's or handler's message.
    pub(super) fn notify(&mut self, node: &'n Node) -> Option<Notify> {
        let mut fields = Fields::open(node, Text::both("通知", "a notify"), &mut self.out)?;
        let to = fields.require("to", &mut self.out);
        let to = to.map(|node| self.audiences(node)).unwrap_or_default();
        let via_node = fields.take("via");
        let via = via_node.map(|node| {
            let items = node.as_list().unwrap_or_else(|| std::slice::from_ref(node));
            items.iter().filter_map(|item| self.channel(item)).collect::<Vec<_>>()
        });
        let via = via.unwrap_or_default();
        let message = fields.require("message", &mut self.out);
        let message = message.and_then(|node| self.message_ref(node));
        let until = fields.take("until").and_then(|node| self.notify_until(node));
        fields.close(&mut self.out);
        let named = via_node.is_some_and(|node| node.as_list().is_none_or(|list| !list.is_empty()));
        if !named {
            for audience in &to {
                let what = match audience {
                    Audience::Customers => "customers",
                    Audience::Regulators => "regulators",
                    _ => continue,
                };
                self.notes.unaddressed.push(Noted { what, span: node.span });
            }
        }
        let until = until.unwrap_or_default();
        (!to.is_empty()).then_some(Notify { to, via, message: message?, until })
    }

    /// Reads `sent`, `delivered`, `acknowledged(any)`, `acknowledged(all)`, `acknowledged(2)`.
    fn notify_until(&mut self, node: &'n Node) -> Option<NotifyUntil> {
        let text = node.string(&mut self.out)?;
        let inside = text.strip_prefix("acknowledged(").and_then(|rest| rest.strip_suffix(')'));
        let until = match (text, inside.map(str::trim)) {
            ("sent", _) => Some(NotifyUntil::Sent),
            ("delivered", _) => Some(NotifyUntil::Delivered),
            (_, Some("any")) => Some(NotifyUntil::Acknowledged(HowMany::Any)),
            (_, Some("all")) => Some(NotifyUntil::Acknowledged(HowMany::All)),
            (_, Some(n)) => {
                let n = n.parse().ok().filter(|n| *n > 0);
                n.map(|n| NotifyUntil::Acknowledged(HowMany::AtLeast(n)))
            }
            _ => None,
        };
        if until.is_none() {
            self.out
                .push(step::wanted(node, "送达条件", "a condition of delivery").help(Text::both(
                "可以写：sent、delivered、acknowledged(any)、acknowledged(all)、acknowledged(2)",
                "possible: sent, delivered, acknowledged(any), acknowledged(all), \
                     acknowledged(2)",
            )));
        }
        until
    }

    fn http(&mut self, node: &'n Node, step: &StepId) -> Option<Http> {
        let mut fields = Fields::open(node, Text::both("请求", "a request"), &mut self.out)?;
        let method = fields.take("method").and_then(|n| n.one_of(&METHODS, &mut self.out));
        let url = fields.require("url", &mut self.out);
        let url = url.and_then(|node| self.url(node));
        let mut headers = IndexMap::new();
        for entry in fields.map("headers", &mut self.out) {
            let value = self.template(&entry.value, Site::Incident);
            headers.extend(value.map(|value| (SmolStr::new(&entry.key.text), value)));
        }
        let body = fields.take("body").and_then(|n| self.json_template(n, Site::Incident));
        let (expect_status, expect_json) =
            fields.take("expect").and_then(|node| self.expect(node)).unwrap_or_default();
        let mut save = IndexMap::new();
        for entry in fields.map("save", &mut self.out) {
            let name = self.variable(&entry.key.text, entry.key.span);
            let path = self.pointer(&entry.value);
            let Some(name) = name else { continue };
            self.can_set(&name, None, entry.key.span);
            self.step_field(step, &name);
            save.extend(path.map(|path| (name, path)));
        }
        fields.close(&mut self.out);
        let method = SmolStr::new_static(method.unwrap_or("GET"));
        Some(Http { method, url: url?, headers, body, expect_status, expect_json, save })
    }

    fn url(&mut self, node: &'n Node) -> Option<crate::playbook::template::Template> {
        let text = node.string(&mut self.out)?;
        if !text.starts_with("https://") && !text.starts_with("http://") {
            let message = both!("`{text}` 不是网址", "`{text}` is no address");
            let help = both!("以 https:// 开头", "it begins with https://");
            self.out.push(bad_value(node.span, message).help(help));
            return None;
        }
        self.template(node, Site::Incident)
    }

    fn expect(
        &mut self,
        node: &'n Node,
    ) -> Option<(Vec<u16>, IndexMap<String, serde_json::Value>)> {
        let what = Text::both("期望的回答", "an expected answer");
        let mut fields = Fields::open(node, what, &mut self.out)?;
        let status = fields.take("status").map(|node| {
            let items = node.as_list().unwrap_or_else(|| std::slice::from_ref(node));
            let one = |item: &Node| item.integer(100, 599, &mut self.out);
            items.iter().filter_map(one).filter_map(|n| u16::try_from(n).ok()).collect()
        });
        let mut json = IndexMap::new();
        for entry in fields.map("json", &mut self.out) {
            let key = Node { span: entry.key.span, data: Data::String(entry.key.text.clone()) };
            let pointer = self.pointer(&key);
            json.extend(pointer.map(|pointer| (pointer, entry.value.to_json())));
        }
        fields.close(&mut self.out);
        Some((status.unwrap_or_default(), json))
    }

    /// Reads a JSON pointer.
    fn pointer(&mut self, node: &Node) -> Option<String> {
        let text = node.string(&mut self.out)?;
        if text.is_empty() || text.starts_with('/') {
            return Some(text.to_owned());
        }
        let meant = format!("/{}", text.trim_start_matches(['$', '.']).replace('.', "/"));
        self.out.push(
            Diagnostic::new(
                BAD_VALUE,
                both!("`{text}` 不是 JSON 指针", "`{text}` is not a JSON pointer"),
            )
            .at(node.span)
            .help(both!("是否想写 `{meant}`？", "did you mean `{meant}`?")),
        );
        None
    }

    fn decide(&mut self, node: &'n Node) -> Option<Decide> {
        let mut fields = Fields::open(node, Text::both("决定", "a decision"), &mut self.out)?;
        let options = fields.require("options", &mut self.out);
        let options = options.map(|node| self.options(node));
        let by = fields.take("by").and_then(|node| self.role_ref(node));
        let default_node = fields.take("default");
        let default = default_node.and_then(|node| node.string(&mut self.out));
        fields.close(&mut self.out);
        let options = options?;
        if let (Some(written), Some(node)) = (default, default_node)
            && !options.iter().any(|option| option == written)
        {
            self.out.push(
                Diagnostic::new(
                    BAD_VALUE,
                    both!("`{written}` 不在选项中", "`{written}` is not one of the options"),
                )
                .at(node.span)
                .did_you_mean(written, options.iter().map(SmolStr::as_str)),
            );
        }
        Some(Decide { options, by, default: default.map(SmolStr::new) })
    }

    fn approve(&mut self, node: &'n Node) -> Option<Approve> {
        let mut fields = Fields::open(node, Text::both("批准", "an approval"), &mut self.out)?;
        let by = fields.require("by", &mut self.out).map(|node| self.approvers(node));
        let quorum_node = fields.take("quorum");
        let quorum = quorum_node.and_then(|n| n.integer(1, 100, &mut self.out)).unwrap_or(1);
        fields.close(&mut self.out);
        let by = by.filter(|by| !by.is_empty())?;
        let quorum = u32::try_from(quorum).unwrap_or(1);
        let only_roles = by.iter().all(|approver| matches!(approver, Approver::Role(_)));
        let several = by.len();
        if let Some(node) = quorum_node
            && only_roles
            && usize::try_from(quorum).is_ok_and(|quorum| quorum > several)
        {
            let message = both!(
                "需要 {quorum} 人批准，却只有 {several} 个角色",
                "{quorum} must consent and there are {several} roles"
            );
            self.out.push(bad_value(node.span, message));
        }
        Some(Approve { by, quorum })
    }

    fn wait(&mut self, node: &'n Node) -> Option<Wait> {
        let what = Text::both("等待", "a wait");
        let mut fields = Fields::open(node, what.clone(), &mut self.out)?;
        let time = fields.take("for");
        let until = fields.take("until");
        fields.close(&mut self.out);
        match (time, until) {
            (Some(time), None) => self.calendar_free(time).map(Wait::For),
            (None, Some(until)) => self.condition(until, Site::Incident).map(Wait::Until),
            (None, None) => {
                self.out.push(missing(node.span, &what, "for"));
                None
            }
            (Some(_), Some(_)) => {
                self.out.push(step::conflict(node.span, &["for", "until"]));
                None
            }
        }
    }

    fn set(&mut self, node: &'n Node) -> IndexMap<VarId, crate::playbook::Expression> {
        let mut set = IndexMap::new();
        for entry in node.map(&mut self.out).unwrap_or_default() {
            let name = self.variable(&entry.key.text, entry.key.span);
            let value = self.expression(&entry.value, Site::Incident);
            let Some(name) = name else { continue };
            self.can_set(&name, None, entry.key.span);
            set.extend(value.map(|value| (name, value)));
        }
        set
    }
}

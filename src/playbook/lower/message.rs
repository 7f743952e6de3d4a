//! Messages and the bridge.

use indexmap::IndexMap;
use smol_str::SmolStr;

use crate::id::MessageId;
use crate::playbook::lower::{DANGLING, Lowering, Site};
use crate::playbook::model::{Bridge, Message, SmsTemplate};
use crate::playbook::yaml::{Entry, Fields, Node, unknown_name};
use crate::text::Text;

impl<'n> Lowering<'n> {
    pub(super) fn message(&mut self, entry: &'n Entry) -> Option<Message> {
        let id = self.identifier(&entry.key.text, entry.key.span);
        let mut fields =
            Fields::open(&entry.value, Text::both("消息", "a message"), &mut self.out)?;
        let subject = fields.take("subject");
        let subject = subject.and_then(|node| self.text_template(node, Site::Message));
        let text = fields.require("text", &mut self.out);
        let text = text.and_then(|node| self.text_template(node, Site::Message));
        let sms = fields.take("sms").and_then(|node| self.sms(node));
        fields.close(&mut self.out);
        Some(Message { id: MessageId::new(id?), subject, text: text?, sms })
    }

    fn sms(&mut self, node: &'n Node) -> Option<SmsTemplate> {
        let mut fields =
            Fields::open(node, Text::both("短信模板", "a short message"), &mut self.out)?;
        let template = fields.require("template", &mut self.out);
        let template = template.and_then(|node| self.label(node)).map(SmolStr::new);
        let mut vars = IndexMap::new();
        for entry in fields.map("vars", &mut self.out) {
            let filled = self.template(&entry.value, Site::Message);
            vars.extend(filled.map(|filled| (SmolStr::new(&entry.key.text), filled)));
        }
        fields.close(&mut self.out);
        Some(SmsTemplate { template: template?, vars })
    }

    pub(super) fn bridge(&mut self, node: &'n Node) -> Option<Bridge> {
        let mut fields = Fields::open(node, Text::both("会议", "a bridge"), &mut self.out)?;
        let title = fields.require("title", &mut self.out).and_then(|n| n.text(&mut self.out));
        let url = fields.require("url", &mut self.out);
        let url = url.and_then(|node| self.template(node, Site::Incident));
        fields.close(&mut self.out);
        Some(Bridge { title: title?, url: url? })
    }

    /// Reads the name of a message of the plan.
    pub(super) fn message_ref(&mut self, node: &'n Node) -> Option<MessageId> {
        let name = node.string(&mut self.out)?;
        if self.notes.messages.contains_key(name) {
            return Some(MessageId::new(name));
        }
        let noun = Text::both("消息", "message");
        let known = self.notes.messages.keys().copied();
        self.out.push_with(|| unknown_name(DANGLING, node.span, &noun, name, known));
        None
    }
}

//! What a short reply means, and what is said back. Pure.

use crate::text::Text;

/// The longest reply that is looked at; whoever writes more says more than yes.
const CHARS_MAX: usize = 40;

/// What people write when they have it.
const YES: &[&str] = &[
    "1",
    "ok",
    "okay",
    "yes",
    "y",
    "ack",
    "got it",
    "i have it",
    "on it",
    "收到",
    "已收到",
    "确认",
    "好",
    "好的",
    "是",
    "接",
    "接手",
    "我来",
    "我来处理",
    "我收到了",
    "明白",
];

/// What people write when they cannot take it.
const NO: &[&str] = &[
    "2",
    "no",
    "n",
    "decline",
    "not me",
    "cannot",
    "can't",
    "拒绝",
    "不",
    "不行",
    "不能",
    "接不了",
    "没空",
    "无法处理",
];

/// What a reply says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Said {
    /// "I have it", perhaps of the incident with this number.
    Yes(Option<u64>),
    /// "Not me", perhaps of the incident with this number.
    No(Option<u64>),
    /// Something that a program should not guess at.
    Other,
}

impl Said {
    /// Reads a reply.
    pub(super) fn read(words: &str) -> Self {
        if words.chars().count() > CHARS_MAX {
            return Self::Other;
        }
        let half = words.chars().map(|c| match c {
            // Full-width forms, as Chinese keyboards write them.
            '０'..='９' | '＃' | 'ａ'..='ｚ' | 'Ａ'..='Ｚ' => {
                char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c)
            }
            '　' => ' ',
            c => c,
        });
        let text = half.collect::<String>().to_lowercase();
        let text = text.trim().trim_end_matches(['.', '!', '。', '！', '~', '～']);
        if let Some(said) = Self::word(text, None) {
            return said;
        }
        let (word, number) = match text.rsplit_once([' ', '#']) {
            Some((word, number)) => (word.trim_end_matches([' ', '#']), number),
            None => return Self::Other,
        };
        match number.parse() {
            Ok(number) => Self::word(word, Some(number)).unwrap_or(Self::Other),
            Err(_) => Self::Other,
        }
    }

    fn word(word: &str, number: Option<u64>) -> Option<Self> {
        if YES.contains(&word) {
            return Some(Self::Yes(number));
        }
        NO.contains(&word).then_some(Self::No(number))
    }
}

pub(super) fn not_understood() -> Text {
    Text::both(
        "没有看懂。确认收到请回复 1，无法接手请回复 2；有多起事件时回复“1 编号”或“2 编号”。",
        "Not understood. Reply 1 to say that you have it, 2 that you cannot take it; where there are \
         several, \"1 NUMBER\" or \"2 NUMBER\".",
    )
}

pub(super) fn nothing_waits() -> Text {
    Text::both("目前没有等待您确认的通知。", "Nothing waits for your answer now.")
}

pub(super) fn confirmed() -> Text {
    Text::both("已确认：您能收到这里的通知。", "Confirmed: messages reach you here.")
}

pub(super) fn taken(number: u64) -> Text {
    Text::both(format!("已记录：#{number} 由您处理。"), format!("Noted: you have #{number}."))
}

pub(super) fn declined(number: u64) -> Text {
    Text::both(
        format!("已记录：#{number} 您无法接手，正在找下一位。"),
        format!("Noted: you cannot take #{number}; the next is asked."),
    )
}

pub(super) fn which(numbers: &[u64], yes: bool) -> Text {
    let digit = if yes { 1 } else { 2 };
    let list = |sep: &str| {
        let each: Vec<String> = numbers.iter().take(5).map(|n| format!("{digit} {n}")).collect();
        each.join(sep)
    };
    Text::both(
        format!("有多起事件等待确认，请回复其中之一：{}", list("、")),
        format!("Several incidents wait for you; reply one of: {}", list(", ")),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_yes_counts_and_nothing_is_guessed() {
        for (words, meant) in [
            ("1", Said::Yes(None)),
            (" １ ", Said::Yes(None)),
            ("OK!", Said::Yes(None)),
            ("收到。", Said::Yes(None)),
            ("我来", Said::Yes(None)),
            ("1 42", Said::Yes(Some(42))),
            ("收到 #42", Said::Yes(Some(42))),
            ("１　４２", Said::Yes(Some(42))),
            ("got it #7", Said::Yes(Some(7))),
            ("no", Said::No(None)),
            ("２", Said::No(None)),
            ("2 42", Said::No(Some(42))),
            ("不行！", Said::No(None)),
            ("22", Said::Other),
            ("yes no", Said::Other),
            ("42", Said::Other),
            ("10", Said::Other),
            ("没收到", Said::Other),
            ("ok but who is on call for the database tonight", Said::Other),
            ("1 99999999999999999999999", Said::Other),
            ("", Said::Other),
            ("#", Said::Other),
        ] {
            assert_eq!(Said::read(words), meant, "{words}");
        }
    }

    #[test]
    fn whoever_has_several_is_told_how_to_say_which() {
        let asked = which(&[42, 43], true);
        assert!(asked.get(crate::text::Lang::Zh).contains("1 42、1 43"));
        assert!(asked.get(crate::text::Lang::En).contains("1 42, 1 43"));
    }
}

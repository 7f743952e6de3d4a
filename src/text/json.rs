//! Why something is not JSON, in Chinese: the parser gives its reasons as English sentences.

use crate::text::phrase::{Phrase, chinese_or_quoted};

const REASONS: &[Phrase] = &[
    ("EOF while parsing a list", "列表没有写完"),
    ("EOF while parsing an object", "对象没有写完"),
    ("EOF while parsing a string", "文本没有写完，缺少引号"),
    ("EOF while parsing a value", "内容提前结束"),
    ("expected `:`", "此处应是 `:`"),
    ("expected `,` or `]`", "此处应是 `,` 或 `]`"),
    ("expected `,` or `}`", "此处应是 `,` 或 `}`"),
    ("expected ident", "此处应是 true、false 或 null"),
    ("expected value", "此处应是一个值"),
    ("expected `\"`", "此处应是 `\"`"),
    ("invalid escape", "转义写得不对"),
    ("invalid number", "数字写得不对"),
    ("number out of range", "数字超出范围"),
    ("invalid unicode code point", "没有这个 Unicode 字符"),
    ("control character (\\u0000-\\u001F) found while parsing a string", "文本中的控制字符须转义"),
    ("key must be a string", "键须是带双引号的文本"),
    ("invalid value: expected key to be {}", "键须是带双引号的文本"),
    ("lone leading surrogate in hex escape", "Unicode 转义只写了一半"),
    ("trailing comma", "最后一项之后多了一个逗号"),
    ("trailing characters", "结尾之后还有多余的内容"),
    ("unexpected end of hex escape", "Unicode 转义没有写完"),
    ("recursion limit exceeded", "嵌套过深"),
];

/// Says a reason of the JSON parser in Chinese, without its place.
#[must_use]
pub fn chinese(said: &str) -> String {
    chinese_or_quoted(said, REASONS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::phrase::placeless;

    #[test]
    fn every_reason_of_the_parser_has_its_chinese() {
        let deep = "[".repeat(200);
        for text in [
            "",
            "[1",
            "[1,",
            "{",
            "{\"a\"",
            "{\"a\" 1}",
            "[1 2]",
            "{\"a\": 1 \"b\": 2}",
            "tru",
            "nope",
            "{a: 1}",
            "\"\\q\"",
            "01",
            "1e999",
            "\"\\uD800\"",
            "\"\\uD800\\n\"",
            "\"a\nb\"",
            "{1: 2}",
            "[1,]",
            "{\"a\":1,}",
            "1 2",
            "\"\\u12",
            "-",
            "\"\\uDC00\"",
            &deep,
        ] {
            let error = serde_json::from_str::<serde_json::Value>(text).expect_err(text);
            let said = chinese(placeless(&error.to_string()));
            assert!(!said.contains('“'), "{text}: {said}");
        }
    }
}

//! Why an expression cannot be read or computed, in Chinese: the engine gives its reasons as
//! English sentences.

use crate::text::phrase::{Phrase, chinese_with};

const REASONS: &[Phrase] = &[
    ("unexpected end of input, expected {}", "到此结束了，还缺{0}"),
    ("unexpected {}, expected {}", "此处应是{1}，而不是{0}"),
    ("unexpected input after expression", "表达式之后还有多余的内容"),
    ("unexpected input after end of variable block", "表达式之后还有多余的内容"),
    ("unexpected character", "此处有不能识别的字符"),
    ("unexpected end of string", "引号没有闭合"),
    ("unexpected end of comment", "注释没有闭合"),
    ("unexpected end of raw block", "raw 块没有闭合"),
    ("unexpected keyword arguments", "不接受带名称的参数"),
    ("unexpected {}", "此处不能有{0}"),
    ("the tag is not closed", "标记没有闭合"),
    ("'_' may not occur at end of number", "数字不能以 `_` 结尾"),
    ("invalid float", "数字写得不对"),
    ("invalid float literal", "文本中不是数字"),
    ("invalid digit found in string", "文本中不是整数"),
    ("cannot parse {} from empty string", "文本是空的，不是数字"),
    ("number too {} to fit in target type", "整数太大"),
    ("non-keyword arg after keyword arg", "不带名称的参数须写在带名称的之前"),
    ("invalid integer (too large)", "整数太大"),
    ("Too many arguments in function call", "参数太多"),
    ("template exceeds maximum recursion limits", "嵌套过深"),
    ("unknown {}, expected statement", "此处应是语句，而不是{0}"),
    ("unknown statement {}", "没有语句 {0}"),
    ("unknown keyword argument '{}'", "没有名为 `{0}` 的参数"),
    ("cannot assign to reserved variable name {}", "`{0}` 是保留的名称，不能赋值"),
    ("cannot calculate length of value of type {}", "{0}没有长度"),
    ("cannot join value of type {}", "{0}不能连接"),
    ("cannot convert {} to {}", "{0}不能转换为{1}"),
    ("cannot convert value to list", "它不能转换为列表"),
    ("cannot reverse values of type {}", "{0}不能倒序"),
    ("cannot round value ({})", "{0}不能取整"),
    ("cannot slice by step size of 0", "切片的步长不能为 0"),
    ("cannot get absolute value", "它没有绝对值"),
    ("cannot get first item from value", "它没有第一项"),
    ("cannot get last item from value", "它没有最后一项"),
    ("cannot perform a containment check on this value", "它不是列表、映射或文本，不能用 in"),
    ("can only sum numbers, got {}", "只有数字可以求和，而不是{0}"),
    ("value of type {} cannot be sliced", "{0}不能切片"),
    ("value of type {} is not callable", "{0}不能当作函数调用"),
    ("value of type {} has no method named {}", "{0}没有方法 `{1}`"),
    ("object has no method named {}", "它没有方法 `{0}`"),
    ("object is not callable", "它不能当作函数调用"),
    ("value is not a string", "它不是文本"),
    ("tried to use {} operator on unsupported types {} and {}", "`{0}` 不能用于{1}和{2}"),
    ("unable to calculate {}", "算不出 {0}"),
    ("strings can only be multiplied with integers", "文本不能相乘"),
    ("{} is not iterable", "{0}不是列表，没有可逐一取出的项"),
    ("not iterable", "它不是列表，没有可逐一取出的项"),
    ("value is not iterable", "它不是列表，没有可逐一取出的项"),
    ("{} is unknown", "没有函数 `{0}`"),
    ("rounded value is too large to represent", "取整后的数太大"),
    ("unable to round value", "不能取整"),
    ("overflow{}", "数太大"),
    ("overflow", "数太大"),
    ("the text grows too large", "得到的文本太长"),
    ("the result is no value", "结果不是可用的值"),
    ("undefined value", "其中有尚无的值"),
    ("too many arguments", "参数太多"),
    ("missing argument", "缺少参数"),
    ("invalid operation", "不能这样计算"),
    ("not a primitive", "它不是单个的值"),
    ("bad string escape", "引号中的转义写得不对"),
    ("engine ran out of fuel", "计算量太大"),
    ("syntax error", "写法有误"),
];

/// What the engine calls kinds of values and parts of the text.
const WORDS: [(&str, &str); 24] = [
    ("undefined", "尚无的值"),
    ("none", "空值"),
    ("bool", "布尔值"),
    ("number", "数字"),
    ("string", "文本"),
    ("bytes", "字节"),
    ("sequence", "列表"),
    ("map", "映射"),
    ("iterator", "列表"),
    ("plain object", "对象"),
    ("invalid value", "无效的值"),
    ("integer", "整数"),
    ("float", "小数"),
    ("expression", "表达式"),
    ("identifier", "名称"),
    ("identifier or integer", "名称或整数"),
    ("end of input", "结尾"),
    ("start of variable block", " `{{` "),
    ("end of variable block", " `}}` "),
    ("start of block", " `{%` "),
    ("end of block", " `%}` "),
    ("block keyword", "语句"),
    ("assignment operator", " `=` "),
    ("comma", "逗号"),
];

/// Says a reason of the engine in Chinese; quotes one that is not known.
pub(in crate::playbook) fn chinese(said: &str) -> String {
    chinese_with(said, REASONS, word).unwrap_or_else(|| format!("“{said}”"))
}

fn word(english: &str) -> String {
    let known = WORDS.iter().find(|(word, _)| *word == english);
    match known {
        Some((_, chinese)) => (*chinese).to_owned(),
        // Already quoted signs stand apart from Chinese.
        None if english.starts_with('`') => format!(" {english} "),
        None => english.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use crate::playbook::expression::{Expression, Fact, Name, Scope};
    use crate::text::Lang;

    struct Nothing;

    impl Scope for Nothing {
        fn fact(&self, _: &Name) -> Option<Fact<'_>> {
            None
        }
    }

    /// Ways in which people write a condition wrongly.
    const BROKEN: [&str; 24] = [
        "",
        "a and",
        "a b",
        "a ==",
        "(a",
        "a)",
        "[1, 2",
        "a[1",
        "a.",
        "a..b",
        "a | ",
        "a is ",
        "'open",
        "a = 1",
        "a & b",
        "1.2.3",
        "99999999999999999999999999999999999999999999",
        "a if",
        "{1: }",
        "not",
        "in a",
        "f(a=1, 2)",
        "a ~",
        "1_",
    ];

    #[test]
    fn what_does_not_parse_is_explained_in_chinese() {
        let quoted: Vec<String> = BROKEN
            .iter()
            .filter_map(|source| Expression::compile(source).err())
            .map(|error| error.text().get(Lang::Zh).to_owned())
            .filter(|said| said.contains('“'))
            .collect();
        assert!(quoted.is_empty(), "{quoted:#?}");
    }

    #[test]
    fn what_cannot_be_computed_is_explained_in_chinese() {
        for (source, reason) in [
            ("5 | length", "数字没有长度"),
            ("'a' - 1", "`-` 不能用于文本和数字"),
            ("1 / 0", "算不出 1 / 0"),
            ("5[1:2]", "数字不能切片"),
            ("1 in 5", "它不是列表、映射或文本，不能用 in"),
            ("'a' | int", "文本中不是数字"),
            ("'a' | round", "文本不能取整"),
            ("5 | join", "数字不是列表"),
            ("['a'] | sum", "只有数字可以求和，而不是文本"),
            ("'a' | abs", "它没有绝对值"),
        ] {
            let expression = Expression::compile(source).expect(source);
            let said = expression.value(&Nothing).expect_err(source).text();
            assert!(said.get(Lang::Zh).contains(reason), "{source}: {said:?}");
        }
    }
}

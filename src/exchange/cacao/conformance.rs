//! What CACAO 2.0 leaves open, and what firebell chose. It must not decide anything: it says what
//! the other files do.

use std::fmt::Write as _;

use crate::text::{Lang, Text};

/// One construct whose meaning the standard leaves open.
struct Choice {
    construct: &'static str,
    open: (&'static str, &'static str),
    chosen: (&'static str, &'static str),
}

const fn choice(
    construct: &'static str,
    open: (&'static str, &'static str),
    chosen: (&'static str, &'static str),
) -> Choice {
    Choice { construct, open, chosen }
}

/// Every construct that the report names.
const CHOICES: &[Choice] = &[
    choice(
        "id",
        ("以名称计算 id 的算法", "how ids are made from names"),
        (
            "SHA-256 取前 16 字节，按版本 5 标记（官方 JSON Schema 不允许版本 8）；同一预案的 id 不变",
            "16 bytes of a SHA-256, marked as version 5 because the official schemas refuse version 8; the same plan keeps its ids",
        ),
    ),
    choice(
        "created, modified",
        ("未随内容变化时的取值", "which instant stands for a plan without a history"),
        (
            "取 --at，否则取 reviewed_on 当日零点（UTC）；不读时钟",
            "--at, or midnight UTC of reviewed_on; never the clock",
        ),
    ),
    choice(
        "on_completion",
        ("命令失败是否也算完成", "whether a failed command counts as completed"),
        (
            "导入：失败不算完成，步骤停下，由人决定重试、跳过或离开阶段。导出：on_failure 为 stop 的步骤写 on_success，其余写 on_completion",
            "import: a failure is no completion; the step stops and a person retries, skips or moves on. Export: `stop` becomes on_success, anything else on_completion",
        ),
    ),
    choice(
        "on_success, on_failure",
        ("只写其一时另一种结局如何继续", "what follows when only one of the two is there"),
        (
            "缺 on_failure 即停下；缺 on_success 即该分支结束",
            "without on_failure the step stops; without on_success the branch ends",
        ),
    ),
    choice(
        "on_success, on_failure (parallel, if, while, switch)",
        ("怎样算带分支的步骤失败", "when a step with branches has failed"),
        (
            "任一分支的最后一步失败即为失败；分支中途失败则停下",
            "when the last step of a branch has failed; a failure in the middle of a branch stops",
        ),
    ),
    choice(
        "on_failure: { go: … }, on_timeout",
        ("跳转到另一步骤而不离开分支", "a jump that stays in the branch"),
        (
            "写入扩展；标准部分写 on_completion",
            "kept in the extension; the standard's words say on_completion",
        ),
    ),
    choice(
        "parallel",
        (
            "分支何时全部结束、失败的分支如何",
            "when all branches have ended, and what a failed branch does",
        ),
        (
            "on_completion 等待每个分支的最后一步；被跳过的算已结束",
            "on_completion waits for the last step of every branch; a skipped one has ended",
        ),
    ),
    choice(
        "after, join",
        ("任意先后关系（标准只有嵌套结构）", "any partial order: the standard knows nesting alone"),
        (
            "导出时按层并行，后一层等待前一层全部；准确的先后与 join 写入扩展",
            "exported as layers that run in parallel, each waiting for the one before; the exact order and `join` are in the extension",
        ),
    ),
    choice(
        "condition",
        ("表达式的求值与未知变量", "how it is evaluated, and what an unset variable means"),
        (
            "导入：比较、AND、OR、NOT、IN、括号换成表达式，变量未知时该步骤失败并由人处理；其余（含 STIX 的 LIKE、MATCHES）改为由人判断。导出：按预案语言原样写出",
            "import: comparisons, AND, OR, NOT, IN and brackets become an expression, which fails and calls a person while a variable is unset; all else (LIKE and MATCHES of STIX too) is judged by a person. Export: the plan's expression as it stands",
        ),
    ),
    choice(
        "while-condition",
        ("最多重复几次", "how often it may repeat"),
        (
            "主线上的循环成为一个阶段，至多 100 次，之后停下并告知总指挥；分支内的循环成为一个人工步骤，其内容为清单",
            "a loop on the main way becomes a phase, at most 100 times, then stuck and the commander is told; a loop in a branch becomes one piece of work with a checklist",
        ),
    ),
    choice(
        "switch-condition",
        ("大小写、类型、无匹配且无 default", "case, type, and no match without a default"),
        (
            "按变量类型逐字比较；都不符合且无 default 时直接继续",
            "compared literally in the variable's type; with no match and no default the flow goes on",
        ),
    ),
    choice(
        "phases, next",
        ("返回较早步骤（标准不允许成环）", "going back: steps must not form a circle"),
        (
            "导出为 while 包住的 switch，变量 __firebell_phase__ 记录当前阶段",
            "exported as a switch in a while; __firebell_phase__ holds the present phase",
        ),
    ),
    choice(
        "cycles",
        ("除 while 之外的环", "circles other than a while"),
        ("拒绝，列出环上的步骤", "refused, with the steps of the circle"),
    ),
    choice(
        "end",
        ("没有后续步骤的步骤", "a step that nothing follows"),
        ("拒绝：每个分支都要到达 end", "refused: every branch reaches an end"),
    ),
    choice(
        "workflow_exception",
        ("何为异常、处理后是否返回", "what an exception is, and whether the flow returns"),
        (
            "有步骤失败并停下时进入“异常处理”阶段，之后收尾，不返回",
            "a phase that is entered when a step has failed with stop; wrap-up follows, not a return",
        ),
    ),
    choice(
        "delay",
        ("从何时起算", "from when it counts"),
        (
            "之前的步骤都结束之后；成为一个等待步骤，不足一秒按一秒",
            "after all that comes before; it becomes a wait, rounded up to seconds",
        ),
    ),
    choice(
        "timeout",
        ("超时之后、人工步骤是否适用", "what follows it, and whether it binds people"),
        (
            "步骤以 timeout 失败，同样走 on_failure；不足一秒按一秒；月与工作日无毫秒值，不写出",
            "the step fails with the cause timeout and takes on_failure; rounded up to seconds; months and business days have no milliseconds and are not written",
        ),
    ),
    choice(
        "commands",
        ("多条命令时部分失败", "when one of several commands fails"),
        (
            "多条命令成为一个人工步骤，由人判断",
            "several commands become one piece of work, and a person judges",
        ),
    ),
    choice(
        "bash, ssh, powershell, …",
        ("在何处以何身份执行", "where and as whom it runs"),
        (
            "从不执行：以文字放进人工步骤的说明",
            "never run: kept as text in the instructions of work for a person",
        ),
    ),
    choice(
        "http-api",
        (
            "发往何处、协议、成功的状态码、out_args 取自何处",
            "where it goes, the scheme, what counts as success, where out_args come from",
        ),
        (
            "命令中的完整网址优先，其次是第一个带地址的 target，再次是 agent，最后是 Host；默认 https，端口 80 为 http；200–299 为成功；out_args 由作者用 save 写明；主机列入允许名单之前不发出",
            "a whole URL in the command goes first, then the first target with an address, the agent, the Host field; https, but http where the port is 80; 200–299; the author writes `save`; nothing is sent until the host is allowed",
        ),
    ),
    choice(
        "authentication_info",
        ("凭据如何取得", "how credentials are obtained"),
        ("不带入：凭据只在配置中", "not carried over: credentials live in the configuration alone"),
    ),
    choice(
        "playbook-action",
        ("子预案的版本、结果与失败", "the child's version, results and failure"),
        (
            "导出为 playbook-action；标准没有输入、结果、不等待和移交的写法，这些只在扩展里。导入时，对方的编号不对应任何预案：成为人工步骤，作者可改写为 `playbook: 标识`",
            "exported as such; inputs, results, not waiting and handing over have no form in the standard and stand in the extension alone. Imported, a foreign id names no plan here: work for a person, until the author writes `playbook: slug`",
        ),
    ),
    choice(
        "variables",
        ("类型的字面写法、作用域、external", "literals of the types, scope, external"),
        (
            "全部成为输入；步骤变量与同名预案变量视为同一个；不认识的类型为文本；constant 以注释说明",
            "all become inputs; a step's variable is the playbook's of that name; unknown types are text; constant becomes a remark",
        ),
    ),
    choice(
        "agents, targets",
        ("人如何被找到", "how a person is found"),
        (
            "人、组、机构成为角色（claim），由作者指定团队；机器的步骤归总指挥；targets 写进说明",
            "people, groups and organisations become roles (claim) whose team the author names; a machine's steps fall to the commander; targets go into the instructions",
        ),
    ),
    choice(
        "name, description",
        ("多语言", "several languages"),
        (
            "按 --lang 写一种语言；两种语言都在扩展中",
            "one language, chosen by --lang; both are in the extension",
        ),
    ),
    choice(
        "extensions",
        ("扩展与标准部分矛盾时以谁为准", "which of an extension and the standard's words counts"),
        (
            "导入时核对：一致则取扩展，无一丢失；被他人改过则取标准部分，并警告",
            "checked on import: when they agree the extension is taken and nothing is lost; when another program changed one, the standard's words are, with a warning",
        ),
    ),
    choice(
        "signatures, markings",
        ("是否校验与执行", "whether they are verified and enforced"),
        (
            "不校验、不执行，文件头注明未带入",
            "neither; the head of the file says that they were left out",
        ),
    ),
];

/// Writes the report as Markdown.
#[must_use]
pub fn report(lang: Lang) -> String {
    let head = Text::both(
        "# CACAO 2.0：标准未定之处与 firebell 的选择\n\n| 构造 | 未定之处 | firebell 的选择 |\n|---|---|---|\n",
        "# CACAO 2.0: what the standard leaves open, and what firebell chose\n\n| construct | left open | chosen |\n|---|---|---|\n",
    );
    let mut out = head.get(lang).to_owned();
    for Choice { construct, open, chosen } in CHOICES {
        let (open, chosen) = (lang.pick(open.0, open.1), lang.pick(chosen.0, chosen.1));
        // Writing to a string cannot fail.
        let _ = writeln!(out, "| {construct} | {open} | {chosen} |");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_the_report_is_whole_in_both_languages() {
        for lang in Lang::ALL {
            let report = report(lang);
            let rows: Vec<&str> = report.lines().filter(|line| line.starts_with('|')).collect();
            assert_eq!(rows.len(), CHOICES.len() + 2);
            assert!(rows.iter().all(|row| row.matches('|').count() == 4), "{report}");
        }
    }
}

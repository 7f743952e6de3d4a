//! The words for what the server's JSON says in codes. It must not know where they are shown.

use crate::text::Lang;

/// Codes of the wire contract with their words. A code that a newer server adds shows as itself.
const WORDS: [(&str, &str, &str); 73] = [
    ("open", "处置中", "open"),
    ("paused", "已暂停", "paused"),
    ("closed", "已结束", "closed"),
    ("cancelled", "已取消", "cancelled"),
    ("live", "实战", "live"),
    ("drill", "演练", "drill"),
    ("simulation", "推演", "simulation"),
    ("waiting", "未就绪", "waiting"),
    ("ready", "待处理", "ready"),
    ("active", "进行中", "under way"),
    ("done", "完成", "done"),
    ("failed", "失败", "failed"),
    ("skipped", "跳过", "skipped"),
    ("vacant", "空缺", "vacant"),
    ("offered", "待认领", "offered"),
    ("assigned", "待确认", "asked"),
    ("held", "已担任", "held"),
    ("apart", "单独保存", "kept apart"),
    ("erased", "已删除", "erased"),
    ("damaged", "已损坏", "damaged"),
    ("recorded", "在日志中", "in the journal"),
    ("passed", "通过", "passed"),
    ("not_passed", "未通过", "not passed"),
    ("completed", "完成", "completed"),
    ("aborted", "中止", "aborted"),
    ("simulated", "推演", "simulated"),
    ("exercise", "实战演练", "exercise"),
    ("tabletop", "桌面推演", "tabletop"),
    ("shadow", "影子演练", "shadow"),
    ("interrupted", "中断", "interrupted"),
    ("error", "出错", "error"),
    ("configuration", "配置", "configuration"),
    ("certificate", "证书", "certificate"),
    ("plans", "预案", "plans"),
    ("calendars", "日历", "calendars"),
    ("rosters", "值班表", "rosters"),
    ("watched", "监测与来源", "watched"),
    ("store", "存储", "store"),
    ("readiness", "演练与整改", "readiness"),
    ("disk", "磁盘", "disk"),
    ("running", "计时中", "running"),
    ("late", "已逾期", "late"),
    ("met", "已提交", "submitted"),
    ("met_late", "逾期提交", "submitted late"),
    ("not_due", "不需要", "not due"),
    ("waived", "不予通知", "not notified"),
    ("condition", "条件不成立", "its condition does not hold"),
    ("not_in_force", "法规未施行", "the law is not in force"),
    ("previous", "前一阶段未提交", "the stage before was not submitted"),
    ("anchor_lost", "起算时刻已失效", "its moment is undone"),
    ("merged", "已并入他处", "worked in another incident"),
    ("handed_off", "改按另一预案处置", "the incident goes on by another plan"),
    ("forced_close", "强制关闭", "the close was forced"),
    ("never_came", "起算时刻未出现", "its moment never came"),
    ("not_judged", "未评判", "not judged"),
    ("strength", "做得好", "strength"),
    ("improvement", "待改进", "improvement"),
    ("proposed", "提议", "proposed"),
    ("accepted", "已采纳", "accepted"),
    ("dismissed", "未采纳", "dismissed"),
    ("to_do", "待办", "to do"),
    ("to_verify", "待验证", "to be verified"),
    ("verified", "已验证", "verified"),
    ("dropped", "已放弃", "dropped"),
    ("drilled", "已演练", "drilled"),
    ("due", "将到期", "due"),
    ("overdue", "已逾期", "overdue"),
    ("not_required", "不要求", "not required"),
    ("never_drilled", "从未演练", "never drilled"),
    ("changed_since", "上次演练后有改动", "changed since the last drill"),
    ("only_simulated", "只做过模拟", "only simulated"),
    ("review_overdue", "评审逾期", "its review is overdue"),
    ("uncovered_steps", "有步骤未演练到", "some steps were never exercised"),
];

/// Returns the word for a code.
#[must_use]
pub fn word(lang: Lang, code: &str) -> &str {
    let known = WORDS.iter().find(|(known, ..)| *known == code);
    known.map_or(code, |(_, zh, en)| lang.pick(zh, en))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Status;

    #[test]
    fn every_status_has_a_word_of_its_own_in_chinese() {
        for status in [Status::Open, Status::Paused, Status::Closed, Status::Cancelled] {
            assert_ne!(word(Lang::Zh, status.name()), status.name());
        }
    }

    #[test]
    fn what_is_not_known_shows_as_itself() {
        assert_eq!(word(Lang::Zh, "frozen"), "frozen");
    }
}

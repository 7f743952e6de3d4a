//! Lengths of time as people say them.

use jiff::SignedDuration;

use crate::text::Lang;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// Says a length of time in its two largest units: `3 d 4 h`, `12 min 30 s`, `0 s`.
#[must_use]
pub fn say(length: SignedDuration, lang: Lang) -> String {
    let seconds = length.as_secs().unsigned_abs();
    let sign = if length.as_secs() < 0 { "-" } else { "" };
    let units = [
        (DAY, lang.pick("天", "d")),
        (HOUR, lang.pick("小时", "h")),
        (MINUTE, lang.pick("分", "min")),
        (1, lang.pick("秒", "s")),
    ];
    let mut rest = seconds;
    let mut parts = Vec::new();
    for (size, name) in units {
        let size = size.unsigned_abs();
        let count = rest / size;
        rest %= size;
        // The second unit is the one next to the largest, named only if there is any of it.
        if parts.len() == 1 {
            if count > 0 {
                parts.push(format!("{count} {name}"));
            }
            break;
        }
        if count > 0 {
            parts.push(format!("{count} {name}"));
        }
    }
    if parts.is_empty() {
        parts.push(format!("0 {}", lang.pick("秒", "s")));
    }
    format!("{sign}{}", parts.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_is_said_in_its_two_largest_units() {
        for (seconds, zh, en) in [
            (0, "0 秒", "0 s"),
            (59, "59 秒", "59 s"),
            (60, "1 分", "1 min"),
            (750, "12 分 30 秒", "12 min 30 s"),
            (HOUR + 59, "1 小时", "1 h"),
            (HOUR + 60, "1 小时 1 分", "1 h 1 min"),
            (3 * DAY + 4 * HOUR + 5, "3 天 4 小时", "3 d 4 h"),
            (-90, "-1 分 30 秒", "-1 min 30 s"),
        ] {
            let length = SignedDuration::from_secs(seconds);
            assert_eq!(say(length, Lang::Zh), zh);
            assert_eq!(say(length, Lang::En), en);
        }
    }
}

//! How exact a study's numbers are, and what they leave out.

use super::Section;
use crate::drill::study::report::Study;
use crate::text::Lang;

pub(super) fn section(study: &Study, lang: Lang) -> Section {
    let mut lines = numbers(study, lang);
    lines.extend(model(lang));
    let title = lang.pick("这些数字有多准", "How exact this is").to_owned();
    Section { id: "exact", title, lines, ..Section::default() }
}

fn numbers(study: &Study, lang: Lang) -> Vec<String> {
    let half = 100.0 * (study.passed.high - study.passed.low) / 2.0;
    let runs = study.runs;
    let mut lines = vec![
        lang.pick(
            format!(
                "概率：方括号内为 95% 置信区间（Wilson 法）。模拟 {runs} 次，通过的概率精确到 \
                 ±{half:.1} 个百分点；次数增至四倍，区间约缩小一半。"
            ),
            format!(
                "Shares: brackets hold 95 % intervals after Wilson. With {runs} runs the \
                 probability of passing is known to ±{half:.1} points; four times as many runs \
                 halve an interval."
            ),
        ),
        lang.pick(
            "分位数：P50、P90、P99 的区间取自次序统计量，次数少时 P99 的上端就是见过的最长一次。\
             用时记录到 0.1% 以内。",
            "Quantiles: the intervals of P50, P90 and P99 are read off order statistics; with few \
             runs the upper end of P99 is the longest run seen. Times are kept to within 0.1 %.",
        )
        .to_owned(),
    ];
    if let Some(trials) = &study.trials {
        let runs = trials.runs;
        lines.push(lang.pick(
            format!(
                "假设：每次改动与原样各跑同样的 {runs} 次，运气相同，逐对相减；区间是平均差的 95% \
                 区间。改动很多，总有几处的区间碰巧不含零，所以只有经 Holm 校正（全部改动合计误报\
                 不超过 5%）仍显著的才算变好、变差或单点。一次只改一处，改动之间的相互作用不在其内。"
            ),
            format!(
                "What if: each change was run {runs} times under the same luck as without it, and \
                 compared run by run; the interval is that of the mean difference, 95 %. Of \
                 so many changes some intervals leave out zero by luck; so only those count as \
                 better, worse or single points of failure that pass Holm's correction (at most \
                 5 % for a false alarm among all of them). One thing is changed at a time; how \
                 changes act together is not shown."
            ),
        ));
    }
    lines
}

fn model(lang: Lang) -> [String; 3] {
    [
        lang.pick(
            "区间只含运气，不含模型：演练文件里 `cast` 的用时、不应答与失败的概率离真人有多远，\
             任何次数都不会显示出来。",
            "The intervals hold luck alone. How far the drill's `cast` (its times, and how often \
             people do not answer or fail) is from real people is not in them, and no number of \
             runs will show it.",
        ),
        lang.pick(
            "模型的边界：每个人一次只做一件事，在子事件里忙着也是忙着；一个事件之内先做最紧急的，事件\
             之间先开始的先做完。没有人会累、会商量、会临时想出预案以外的办法。",
            "Limits of the model: each person does one thing at a time, in child incidents, too; the \
             most urgent first within one incident, and between incidents what was begun first. \
             Nobody tires, talks things over, or finds a way that is not in the plan.",
        ),
        lang.pick(
            "同样的演练、预案、人员、种子、起始时刻与版本，在任何机器上给出同样的报告。",
            "The same drill, plan, people, seed, beginning and version give the same report on any \
             machine.",
        ),
    ]
    .map(str::to_owned)
}

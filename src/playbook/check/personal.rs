//! Personal data is kept apart and may be erased, so nothing of a plan may depend on it or repeat
//! it: a replay must come to the same after an erasure as before it.

use crate::id::VarId;
use crate::playbook::check::{Check, PERSONAL_READ, TYPE_CLASH};
use crate::playbook::diagnostic::{Diagnostic, both};
use crate::playbook::expression::{Name, StepFact};
use crate::playbook::source::Span;
use crate::text::Text;

impl Check<'_> {
    /// A name is personal wherever it is asked for, and no alert fills it: alerts are kept whole.
    pub(super) fn personal(&mut self) {
        for places in self.notes.personal.values() {
            let Some(personal) = places.iter().find(|place| place.what) else { continue };
            for open in places.iter().filter(|place| !place.what) {
                self.out.push(
                    Diagnostic::new(
                        TYPE_CLASH,
                        Text::both(
                            "同名项在别处是个人信息，这里不是",
                            "a field of this name holds personal data, and here it does not",
                        ),
                    )
                    .at(open.span)
                    .related(personal.span, Text::both("个人信息", "personal here"))
                    .help(Text::both(
                        "都写 `personal: true`，或换一个名称",
                        "write `personal: true` at both, or use another name",
                    )),
                );
            }
        }
        for filled in &self.notes.filled_by_tool {
            let input = &filled.what;
            let Some(declared) = self.declared_personal(input) else { continue };
            self.out.push(
                Diagnostic::new(
                    PERSONAL_READ,
                    both!(
                        "`{input}` 是个人信息，不能由告警填写：告警原文会留在日志里",
                        "`{input}` is personal data, which no alert may fill: alerts stay in the \
                         journal as they came"
                    ),
                )
                .at(filled.span)
                .related(declared, Text::both("在此声明为个人信息", "declared as personal here"))
                .help(Text::both(
                    "让人在启动时或步骤表单里填写",
                    "let a person fill it in, when declaring or in a step's form",
                )),
            );
        }
    }

    /// Words a name that stands for personal data, which nothing may read.
    pub(super) fn reads_personal(&self, name: &Name, at: Span) -> Option<Diagnostic> {
        let (Name::Variable(field) | Name::Step(_, StepFact::Field(field))) = name else {
            return None;
        };
        let declared = self.declared_personal(field)?;
        Some(
            Diagnostic::new(
                PERSONAL_READ,
                both!(
                    "`{name}` 是个人信息，条件、计算和文本都不能读取",
                    "`{name}` is personal data, which no condition, value or text may read"
                ),
            )
            .at(at)
            .related(declared, Text::both("在此声明为个人信息", "declared as personal here"))
            .help(Text::both(
                "个人信息单独保存、随时可能删除；预案要用的内容请另设一项，如“是否已登记联系方式”",
                "personal data is kept apart and may be erased; ask for what the plan needs in a \
                 field of its own, such as a yes or no",
            )),
        )
    }

    fn declared_personal(&self, name: &VarId) -> Option<Span> {
        let places = self.notes.personal.get(name)?;
        places.iter().find(|place| place.what).map(|place| place.span)
    }
}

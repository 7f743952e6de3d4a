//! Any bytes as a plan: loading never panics, its findings can always be shown, and a plan that
//! loads can be pinned and restored.
//!
//! ```sh
//! cargo fuzz run playbook fuzz/corpus/playbook tests/corpus/good tests/corpus/bad playbooks -- \
//!     -dict=fuzz/playbook.dict -max_len=65536 -timeout=5 -rss_limit_mb=1024
//! ```

#![no_main]

#[path = "../../src/id.rs"]
pub mod id;
#[path = "../../src/people/mod.rs"]
pub mod people;
#[path = "../../src/playbook/mod.rs"]
pub mod playbook;
#[path = "../../src/text.rs"]
pub mod text;

use libfuzzer_sys::fuzz_target;

use crate::people::Directory;
use crate::playbook::diagnostic::Rendering;
use crate::playbook::{Context, Playbook};
use crate::text::Lang;

fuzz_target!(|bytes: &[u8]| {
    let directory = Directory::built_in();
    let loaded = Playbook::load("fuzz.yaml", bytes, &Context { directory: Some(&directory) });
    for lang in Lang::ALL {
        let _ = loaded.findings.render(Rendering::plain(lang));
        let _ = loaded.findings.rows(lang);
    }
    assert_eq!(loaded.playbook.is_none(), loaded.findings.has_errors());
    if let Some(playbook) = loaded.playbook {
        let restored = Playbook::restore(&playbook.source).expect("what loads can be restored");
        assert_eq!(playbook.hash, restored.hash);
    }
});

//! Secrets: where they come from.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use crate::notify::Secret;
use crate::playbook::diagnostic::{Diagnostic, both};
use crate::playbook::source::Span;
use crate::text::Text;

use super::code::{MISSING_SECRET, NOT_A_SECRET};

/// The longest secret: room for any key, and a bound on reading the wrong file.
pub(super) const SECRET_BYTES_MAX: usize = 16 * 1024;

/// Tells whether a value says where a secret is, instead of being one.
pub(super) fn is_reference(value: &str) -> bool {
    value.starts_with("env:") || value.starts_with("file:")
}

/// Fetches a secret from the place that `reference` names: `env:NAME`, or `file:PATH` relative to
/// the configuration's directory.
pub(super) fn resolve(
    reference: &str,
    span: Span,
    env: &BTreeMap<String, String>,
    dir: &Path,
    read_file: &dyn Fn(&Path) -> io::Result<String>,
) -> Result<Secret, Box<Diagnostic>> {
    let problem = |code, message: Text| Diagnostic::new(code, message).at(span);
    let found = if let Some(name) = reference.strip_prefix("env:") {
        env.get(name).cloned().ok_or_else(|| {
            let message =
                both!("环境变量 `{name}` 未设置", "the environment variable `{name}` is not set");
            problem(MISSING_SECRET, message).help(both!(
                "启动前设置它，或改用 `file:路径`",
                "set it before starting, or use `file:PATH`"
            ))
        })
    } else if let Some(path) = reference.strip_prefix("file:") {
        let path = dir.join(path);
        read_file(&path).map(|text| text.trim_end_matches(['\r', '\n']).to_owned()).map_err(|why| {
            let path = path.display();
            problem(
                MISSING_SECRET,
                both!("读不到密钥文件 {path}：{why}", "cannot read the secret file {path}: {why}"),
            )
        })
    } else {
        Err(problem(NOT_A_SECRET, both!("密钥不能直接写在这里", "a secret must not stand here"))
            .help(both!(
                "写 `env:变量名` 或 `file:路径`；已写进文件的密钥应作废重发",
                "write `env:NAME` or `file:PATH`, and replace a secret that was in the file"
            )))
    };
    match found {
        Ok(secret) if secret.is_empty() => Err(Box::new(problem(
            MISSING_SECRET,
            both!("`{reference}` 是空的", "`{reference}` is empty"),
        ))),
        Ok(secret) if secret.len() > SECRET_BYTES_MAX => Err(Box::new(problem(
            MISSING_SECRET,
            both!(
                "`{reference}` 超过 {SECRET_BYTES_MAX} 字节，不像密钥",
                "`{reference}` is longer than {SECRET_BYTES_MAX} bytes, which no secret is"
            ),
        ))),
        Ok(secret) => Ok(Secret::new(secret)),
        Err(diagnostic) => Err(Box::new(diagnostic)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Lang;

    fn resolved(reference: &str) -> Result<Secret, Box<Diagnostic>> {
        let env = BTreeMap::from([
            ("KEY".to_owned(), "s3cret".to_owned()),
            ("EMPTY".to_owned(), String::new()),
        ]);
        let read = |path: &Path| match path.to_str() {
            Some("/etc/firebell/key") => Ok("from file\n".to_owned()),
            Some("/etc/firebell/huge") => Ok("x".repeat(SECRET_BYTES_MAX + 1)),
            _ => Err(io::Error::from(io::ErrorKind::NotFound)),
        };
        resolve(reference, Span::new(0, 1), &env, Path::new("/etc/firebell"), &read)
    }

    #[test]
    fn a_secret_comes_from_the_environment_or_a_file() {
        assert_eq!(resolved("env:KEY").expect("set").expose(), "s3cret");
        assert_eq!(resolved("file:key").expect("there").expose(), "from file");
        assert_eq!(resolved("file:/etc/firebell/key").expect("there").expose(), "from file");
    }

    #[test]
    fn a_secret_that_is_missing_empty_huge_or_written_down_is_refused_without_showing_it() {
        for (reference, code) in [
            ("env:NOPE", MISSING_SECRET),
            ("env:EMPTY", MISSING_SECRET),
            ("file:nope", MISSING_SECRET),
            ("file:huge", MISSING_SECRET),
            ("hunter2", NOT_A_SECRET),
        ] {
            let diagnostic = resolved(reference).expect_err(reference);
            assert_eq!(diagnostic.code, code, "{reference}");
            assert!(!diagnostic.message.get(Lang::En).contains("hunter2"));
        }
    }
}

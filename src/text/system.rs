//! What the operating system refuses, in the reader's language. It asks nothing of it, and must not
//! know what was asked.

use std::error::Error;
use std::io::{self, ErrorKind};

use super::{Lang, Text};

/// Says why the operating system refused; in Chinese by kind, else what it says itself in quotes.
#[must_use]
pub fn why(error: &io::Error, lang: Lang) -> String {
    let zh = match error.kind() {
        ErrorKind::NotFound => "没有此文件或文件夹",
        ErrorKind::PermissionDenied => "没有权限",
        ErrorKind::AlreadyExists => "已经存在",
        ErrorKind::IsADirectory => "这是文件夹，不是文件",
        ErrorKind::NotADirectory => "路径中有一段不是文件夹",
        ErrorKind::StorageFull => "磁盘已满",
        ErrorKind::ReadOnlyFilesystem => "文件系统只读",
        ErrorKind::AddrInUse => "地址已被占用",
        ErrorKind::AddrNotAvailable => "本机没有这个地址",
        ErrorKind::ConnectionRefused => "连接被拒绝",
        ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted => "连接被中断",
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => "网络不通",
        ErrorKind::TimedOut => "超时",
        _ => return lang.pick(format!("“{error}”"), error.to_string()),
    };
    lang.pick(zh.to_owned(), error.to_string())
}

/// Says why in both languages.
#[must_use]
pub fn both(error: &io::Error) -> Text {
    Text::both(why(error, Lang::Zh), why(error, Lang::En))
}

/// Says what lies deepest below an error: why, rather than what for.
#[must_use]
pub fn root(error: &(dyn Error + 'static), lang: Lang) -> String {
    let mut deepest = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    match deepest.downcast_ref::<io::Error>() {
        Some(refused) => why(refused, lang),
        None => lang.pick(format!("“{deepest}”"), deepest.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("the request failed")]
    struct Outer(#[source] io::Error);

    #[test]
    fn a_refusal_is_said_in_the_reader_s_language() {
        let gone = std::fs::read("/no/such/file").unwrap_err();
        assert_eq!(why(&gone, Lang::Zh), "没有此文件或文件夹");
        assert!(why(&gone, Lang::En).starts_with("No such file"), "{}", why(&gone, Lang::En));
        let odd = io::Error::other("odd");
        assert_eq!((why(&odd, Lang::Zh), why(&odd, Lang::En)), ("“odd”".into(), "odd".into()));
        let wrapped = Outer(gone);
        assert_eq!(root(&wrapped, Lang::Zh), "没有此文件或文件夹");
    }
}

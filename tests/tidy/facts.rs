//! What the rules need to know of a Rust file: the paths it names, the methods it calls, its macros,
//! attributes and functions, each with its line and whether it belongs to a test.

use proc_macro2::{Span, TokenStream, TokenTree};
use syn::visit::{self, Visit};

/// A Rust file, parsed.
pub struct Source {
    /// Where it is, from the root of the repository.
    pub path: String,
    /// Its text.
    pub text: String,
    /// Its module path below the crate: `src/store/sled.rs` is `["store", "sled"]`.
    pub module: Vec<String>,
    /// Whether all of it is a test.
    pub is_test: bool,
    /// Whether it opens with `//!`.
    pub has_docs: bool,
    /// What was found in it.
    pub facts: Vec<Fact>,
    /// Modules in other files that are declared under `#[cfg(test)]`.
    pub test_modules: Vec<Vec<String>>,
}

/// One thing found in a file.
pub struct Fact {
    /// What it is.
    pub kind: Kind,
    /// Its line, from 1.
    pub line: usize,
    /// Whether it belongs to a test.
    pub in_test: bool,
}

/// What was found.
pub enum Kind {
    /// A path, resolved against the crate: `crate::store::Store` whatever way it was written.
    Path(Vec<String>),
    /// A method call.
    Method(String),
    /// A macro call, by its last segment.
    Macro(String),
    /// An attribute, by its name.
    Attribute(String),
    /// `#[cfg(test)]` on something that is not a module.
    TestOnly,
    /// A function with so many lines.
    Function { name: String, lines: usize },
}

impl Source {
    /// Parses a file.
    pub fn parse(path: &str, text: &str) -> syn::Result<Self> {
        let file = syn::parse_file(text)?;
        let module = module_of(path);
        let is_test = !path.starts_with("src/");
        let mut finder = Finder {
            module: module.clone(),
            in_test: is_test,
            facts: Vec::new(),
            test_modules: Vec::new(),
        };
        finder.visit_file(&file);
        Ok(Self {
            path: path.to_owned(),
            text: text.to_owned(),
            module,
            is_test,
            has_docs: file.attrs.iter().any(|a| a.path().is_ident("doc")),
            facts: finder.facts,
            test_modules: finder.test_modules,
        })
    }

    /// Returns the facts of production code.
    pub fn production(&self) -> impl Iterator<Item = &Fact> {
        self.facts.iter().filter(|fact| !self.is_test && !fact.in_test)
    }

    /// Returns the paths named by production code.
    pub fn production_paths(&self) -> impl Iterator<Item = (usize, &[String])> {
        self.production().filter_map(|fact| match &fact.kind {
            Kind::Path(path) => Some((fact.line, path.as_slice())),
            _ => None,
        })
    }
}

/// Returns the module path of a file below the crate root.
fn module_of(path: &str) -> Vec<String> {
    let inner = path.trim_start_matches("src/").trim_end_matches(".rs");
    let mut module: Vec<String> = inner.split('/').map(str::to_owned).collect();
    if module.last().is_some_and(|last| last == "mod" || last == "lib") {
        module.pop();
    }
    module
}

struct Finder {
    module: Vec<String>,
    in_test: bool,
    facts: Vec<Fact>,
    test_modules: Vec<Vec<String>>,
}

impl Finder {
    fn add(&mut self, kind: Kind, at: Span) {
        self.facts.push(Fact { kind, line: at.start().line, in_test: self.in_test });
    }

    fn add_path(&mut self, segments: &[String], at: Span) {
        if let Some(path) = self.resolve(segments) {
            self.add(Kind::Path(path), at);
        }
    }

    /// Resolves `self` and `super` against the module; other paths stay as they are written.
    fn resolve(&self, segments: &[String]) -> Option<Vec<String>> {
        let (first, _) = segments.split_first()?;
        if first != "self" && first != "super" {
            return Some(segments.to_vec());
        }
        let ups = segments.iter().take_while(|s| *s == "super" || *s == "self");
        let supers = ups.clone().filter(|s| *s == "super").count();
        let kept = self.module.len().checked_sub(supers)?;
        let mut path = vec!["crate".to_owned()];
        path.extend_from_slice(&self.module[..kept]);
        path.extend_from_slice(&segments[ups.count()..]);
        Some(path)
    }

    fn add_use(&mut self, prefix: &[String], tree: &syn::UseTree) {
        let with = |name: &syn::Ident| [prefix, &[name.to_string()]].concat();
        match tree {
            syn::UseTree::Path(p) => self.add_use(&with(&p.ident), &p.tree),
            syn::UseTree::Name(n) => self.add_path(&with(&n.ident), n.ident.span()),
            syn::UseTree::Rename(r) => self.add_path(&with(&r.ident), r.ident.span()),
            syn::UseTree::Glob(g) => self.add_path(prefix, g.star_token.spans[0]),
            syn::UseTree::Group(g) => g.items.iter().for_each(|item| self.add_use(prefix, item)),
        }
    }

    /// Reads the tokens of a macro call, which have no grammar: names joined by `::`, and methods.
    fn add_tokens(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        let mut at = Span::call_site();
        let mut before = [' ', ' '];
        for token in tokens {
            match &token {
                TokenTree::Ident(name) => {
                    if before != [':', ':'] {
                        self.flush(&mut path, at, before[1]);
                        at = name.span();
                    }
                    if before[1] == '.' {
                        self.add(Kind::Method(name.to_string()), name.span());
                    } else {
                        path.push(name.to_string());
                    }
                    before = [' ', ' '];
                }
                TokenTree::Punct(punct) => before = [before[1], punct.as_char()],
                TokenTree::Group(group) => {
                    self.flush(&mut path, at, ' ');
                    self.add_tokens(group.stream());
                    before = [' ', ' '];
                }
                TokenTree::Literal(_) => before = [' ', ' '],
            }
        }
        self.flush(&mut path, at, before[1]);
    }

    fn flush(&mut self, path: &mut Vec<String>, at: Span, next: char) {
        let segments = std::mem::take(path);
        match segments.last() {
            Some(name) if next == '!' => self.add(Kind::Macro(name.clone()), at),
            _ => self.add_path(&segments, at),
        }
    }

    fn add_function(&mut self, name: &syn::Ident, from: Span, body: &syn::Block) {
        let lines = body.brace_token.span.close().end().line + 1 - from.start().line;
        self.add(Kind::Function { name: name.to_string(), lines }, from);
    }

    /// Visits something under its attributes: `#[cfg(test)]` and `#[test]` make a test of it.
    fn within(&mut self, attributes: &[syn::Attribute], visit: impl FnOnce(&mut Self)) {
        let outer = self.in_test;
        self.in_test = outer || attributes.iter().any(is_test_mark);
        visit(self);
        self.in_test = outer;
    }
}

fn is_test_mark(attribute: &syn::Attribute) -> bool {
    attribute.path().is_ident("test") || is_cfg_test(attribute)
}

fn is_cfg_test(attribute: &syn::Attribute) -> bool {
    attribute.path().is_ident("cfg")
        && attribute.parse_args::<syn::Path>().is_ok_and(|path| path.is_ident("test"))
}

impl<'ast> Visit<'ast> for Finder {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        let syn::Item::Mod(module) = item else {
            visit::visit_item(self, item);
            return;
        };
        self.module.push(module.ident.to_string());
        if module.content.is_none() && module.attrs.iter().any(is_cfg_test) {
            self.test_modules.push(self.module.clone());
        }
        self.within(&module.attrs, |finder| {
            for item in module.content.iter().flat_map(|(_, items)| items) {
                finder.visit_item(item);
            }
        });
        self.module.pop();
    }

    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        self.add_function(&function.sig.ident, function.sig.fn_token.span, &function.block);
        self.within(&function.attrs, |finder| visit::visit_item_fn(finder, function));
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        self.add_function(&function.sig.ident, function.sig.fn_token.span, &function.block);
        visit::visit_impl_item_fn(self, function);
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        for attribute in &item.attrs {
            self.visit_attribute(attribute);
        }
        self.within(&item.attrs, |finder| finder.add_use(&[], &item.tree));
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments: Vec<String> = path.segments.iter().map(|s| s.ident.to_string()).collect();
        if let Some(first) = path.segments.first() {
            self.add_path(&segments, first.ident.span());
        }
        visit::visit_path(self, path);
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        self.add(Kind::Method(call.method.to_string()), call.method.span());
        visit::visit_expr_method_call(self, call);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        if let Some(last) = call.path.segments.last() {
            self.add(Kind::Macro(last.ident.to_string()), last.ident.span());
        }
        self.add_tokens(call.tokens.clone());
    }

    fn visit_attribute(&mut self, attribute: &'ast syn::Attribute) {
        if let Some(name) = attribute.path().segments.last() {
            let kind = if is_cfg_test(attribute) {
                Kind::TestOnly
            } else {
                Kind::Attribute(name.ident.to_string())
            };
            self.add(kind, name.ident.span());
        }
    }
}

//! Reads Rust as tokens: enough to see which paths a file names, without a compiler.

/// A path that a file names, `use` groups taken apart and `crate`, `self` and `super` resolved, or
/// a macro as `name!`.
#[derive(Debug, PartialEq, Eq)]
pub struct Mention {
    pub line: usize,
    /// Begins with `crate` for this crate.
    pub path: Vec<String>,
    pub in_test: bool,
    /// Set for an import.
    pub import: Option<Import>,
}

/// A leaf of a `use`.
#[derive(Debug, PartialEq, Eq)]
pub struct Import {
    /// The name it has in this file; `*` for a glob.
    pub name: String,
    pub is_reexport: bool,
}

/// What a file names and defines.
#[derive(Debug, Default)]
pub struct Source {
    pub mentions: Vec<Mention>,
    /// Items of the module itself, macros included.
    pub items: Vec<String>,
    /// Modules in separate files that are only compiled for tests.
    pub test_modules: Vec<String>,
}

/// All mentions in the text of a file that is the module `module` (empty for a crate root).
pub fn mentions(text: &str, module: &[&str], is_test_file: bool) -> Vec<Mention> {
    read(text, module, is_test_file).mentions
}

/// Reads the text of a file that is the module `module`.
pub fn read(text: &str, module: &[&str], is_test_file: bool) -> Source {
    let tokens = tokens(text);
    let mut reader = Reader {
        tokens: &tokens,
        at: 0,
        depth: 0,
        module,
        inline: Vec::new(),
        test_item: None,
        is_test_file,
        source: Source::default(),
    };
    while reader.at < tokens.len() {
        reader.step();
    }
    reader.source
}

struct Reader<'a> {
    tokens: &'a [Token],
    at: usize,
    /// Of brackets of all kinds.
    depth: usize,
    module: &'a [&'a str],
    /// The enclosing modules in this file, each with the depth at which its braces opened.
    inline: Vec<(String, usize)>,
    /// The depth of an item under `#[cfg(test)]` that has not ended.
    test_item: Option<usize>,
    is_test_file: bool,
    source: Source,
}

/// Keywords that a name to define follows.
const DEFINING: [&str; 8] = ["const", "enum", "fn", "static", "struct", "trait", "type", "union"];

impl Reader<'_> {
    fn peek(&self, ahead: usize) -> &str {
        self.tokens.get(self.at + ahead).map_or("", |token| &token.text)
    }

    fn step(&mut self) {
        let token = self.peek(0).to_owned();
        match token.as_str() {
            "#" if (1..=6)
                .map(|ahead| self.peek(ahead))
                .eq(["[", "cfg", "(", "test", ")", "]"]) =>
            {
                self.test_item.get_or_insert(self.depth);
                self.at += 7;
            }
            "{" | "(" | "[" => {
                self.depth += 1;
                self.at += 1;
            }
            "}" | ")" | "]" => self.close(&token),
            ";" => {
                self.test_item = self.test_item.filter(|depth| *depth != self.depth);
                self.at += 1;
            }
            "mod" if self.peek(2) == "{" => {
                self.inline.push((self.peek(1).to_owned(), self.depth));
                self.at += 2;
            }
            "mod" if self.peek(2) == ";" && self.test_item.is_some() => {
                self.source.test_modules.push(self.peek(1).to_owned());
                self.at += 2;
            }
            "use" if self.peek(1) != "<" => {
                let before = self.at.checked_sub(1).map_or("", |at| &self.tokens[at].text);
                let is_reexport = matches!(before, "pub" | ")");
                self.at += 1;
                self.use_tree(Vec::new(), is_reexport);
            }
            "macro_rules" => {
                self.source.items.push(self.peek(2).to_owned());
                self.at += 3;
            }
            word if self.depth == 0
                && DEFINING.contains(&word)
                && is_word(self.peek(1))
                && !DEFINING.contains(&self.peek(1)) =>
            {
                self.source.items.push(self.peek(1).to_owned());
                self.at += 2;
            }
            word if is_word(word) && self.peek(1) == "!" && self.peek(2) != "=" => {
                self.mention(vec![format!("{word}!")], self.at, None);
                self.at += 2;
            }
            word if is_word(word) && self.peek(1) == "::" => self.path(),
            _ => self.at += 1,
        }
    }

    fn close(&mut self, bracket: &str) {
        self.depth = self.depth.saturating_sub(1);
        self.at += 1;
        if bracket == "}" {
            let depth = self.depth;
            self.test_item = self.test_item.filter(|opened| *opened != depth);
            self.inline.pop_if(|(_, opened)| *opened == depth);
        }
    }

    fn use_tree(&mut self, mut path: Vec<String>, is_reexport: bool) {
        let mut alias = None;
        loop {
            match self.peek(0) {
                "::" => self.at += 1,
                "{" => {
                    self.at += 1;
                    while !matches!(self.peek(0), "}" | "") {
                        self.use_tree(path.clone(), is_reexport);
                        if self.peek(0) == "," {
                            self.at += 1;
                        }
                    }
                    self.at += 1;
                    return;
                }
                "as" => {
                    alias = Some(self.peek(1).to_owned());
                    self.at += 2;
                }
                "," | "}" | ";" | "" => {
                    path.pop_if(|last| last == "self");
                    let name = alias.or_else(|| path.last().cloned()).unwrap_or_default();
                    return self.mention(path, self.at - 1, Some(Import { name, is_reexport }));
                }
                segment => {
                    path.push(segment.to_owned());
                    self.at += 1;
                }
            }
        }
    }

    fn path(&mut self) {
        let mut path = vec![self.peek(0).to_owned()];
        let goes_on = self.at >= 2
            && self.tokens[self.at - 1].text == "::"
            && (is_word(&self.tokens[self.at - 2].text) || self.tokens[self.at - 2].text == ">");
        while self.peek(1) == "::" && is_word(self.peek(2)) {
            path.push(self.peek(2).to_owned());
            self.at += 2;
        }
        if !goes_on {
            self.mention(path, self.at, None);
        }
        self.at += 1;
    }

    /// Records a path that ends at the token `end`.
    fn mention(&mut self, path: Vec<String>, end: usize, import: Option<Import>) {
        let line = self.tokens[end].line;
        let in_test = self.test_item.is_some() || self.is_test_file;
        let path = self.resolve(path);
        self.source.mentions.push(Mention { line, path, in_test, import });
    }

    fn resolve(&self, path: Vec<String>) -> Vec<String> {
        let supers = path.iter().skip_while(|s| *s == "self").take_while(|s| *s == "super").count();
        let rest = path.iter().skip_while(|s| *s == "self").skip(supers).cloned();
        match path.first().map(String::as_str) {
            Some("crate" | "ordersync") => {
                std::iter::once("crate".to_owned()).chain(path.iter().skip(1).cloned()).collect()
            }
            Some("self" | "super") => {
                let inline = self.inline.iter().map(|(name, _)| name.as_str());
                let modules: Vec<&str> = self.module.iter().copied().chain(inline).collect();
                let kept = modules.len().saturating_sub(supers);
                let above = ["crate"].into_iter().chain(modules[..kept].iter().copied());
                above.map(str::to_owned).chain(rest).collect()
            }
            _ => path,
        }
    }
}

struct Token {
    text: String,
    line: usize,
}

fn is_word(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// The tokens of a text: words, `::`, and single signs. Comments and literals are left out.
fn tokens(text: &str) -> Vec<Token> {
    let (mut tokens, mut line, mut rest) = (Vec::new(), 1, text);
    while let Some(first) = rest.chars().next() {
        let len = match first {
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => comment_len(rest),
            '"' => string_len(rest),
            '\'' => quote_len(rest),
            'r' | 'b' | 'c' => literal_len(rest).unwrap_or_else(|| word_len(rest)),
            c if c.is_alphanumeric() || c == '_' => word_len(rest),
            ':' if rest.starts_with("::") => 2,
            c => c.len_utf8(),
        };
        let is_code = !(first.is_whitespace() || rest.starts_with("//") || rest.starts_with("/*"));
        let is_literal = matches!(first, '"' | '\'')
            || rest[..len].ends_with('"')
            || rest[..len].ends_with('#') && len > 1;
        if is_code && !is_literal {
            let text = rest[..len].to_owned();
            tokens.push(Token { text, line });
        }
        line += rest[..len].matches('\n').count();
        rest = &rest[len..];
    }
    tokens
}

fn word_len(text: &str) -> usize {
    text.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(text.len())
}

fn comment_len(text: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while at < text.len() {
        match &text.as_bytes()[at..] {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    text.len()
}

/// A string in quotes, from its first quote on.
fn string_len(text: &str) -> usize {
    let mut bytes = text.bytes().enumerate().skip(1);
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'\\' => drop(bytes.next()),
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// A character in quotes, or a lifetime.
fn quote_len(text: &str) -> usize {
    let mut chars = text.char_indices().skip(1);
    match (chars.next(), chars.next()) {
        (Some((_, '\\')), Some((at, escaped))) => {
            let from = at + escaped.len_utf8();
            text[from..].find('\'').map_or(text.len(), |end| from + end + 1)
        }
        (Some(_), Some((at, '\''))) => at + 1,
        _ => 1 + word_len(&text[1..]),
    }
}

/// A string with a prefix: `r"…"`, `r#"…"#`, `b"…"`, `br"…"`, `c"…"`, `b'…'`.
fn literal_len(text: &str) -> Option<usize> {
    let prefix = word_len(text);
    let (letters, rest) = text.split_at(prefix);
    let hashes = rest.bytes().take_while(|b| *b == b'#').count();
    match letters {
        "r" | "br" | "cr" if rest[hashes..].starts_with('"') => {
            let end = format!("\"{}", "#".repeat(hashes));
            let from = prefix + hashes + 1;
            Some(text[from..].find(&end).map_or(text.len(), |at| from + at + end.len()))
        }
        "b" | "c" if rest.starts_with('"') => Some(prefix + string_len(rest)),
        _ => None,
    }
}

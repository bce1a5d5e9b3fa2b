use super::error::{GraphqlError, Position};

/// The limits of graphql-java's parser. Variables are outside of the document, so they count for
/// neither.
const TOKENS_MAX: usize = 15_000;
const CHARACTERS_MAX: usize = 1 << 20;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    /// One of `! $ ( ) : = @ [ ] { | } &`, or `.` for `...`.
    Punctuator(char),
    Name(String),
    Int(String),
    Float(String),
    Text(String),
    End,
}

struct Lexer<'a> {
    rest: &'a str,
    at: Position,
}

/// The tokens of a document with their places; the last is [`Token::End`].
pub(super) fn tokens(text: &str) -> Result<Vec<(Token, Position)>, GraphqlError> {
    let refused = |at, most: usize, what: &str| {
        let message = format!(
            "More than {most} {what} have been presented. To prevent Denial Of Service attacks, \
             parsing has been cancelled."
        );
        Err(GraphqlError::syntax(at, message))
    };
    if text.chars().count() > CHARACTERS_MAX {
        return refused((1, 1), CHARACTERS_MAX, "characters");
    }
    let mut lexer = Lexer { rest: text, at: (1, 1) };
    let mut tokens = Vec::new();
    loop {
        lexer.skip_ignored();
        let at = lexer.at;
        if tokens.len() == TOKENS_MAX && !lexer.rest.is_empty() {
            return refused(at, TOKENS_MAX, "'grammar' tokens");
        }
        let token = lexer.token()?;
        let ends = token == Token::End;
        tokens.push((token, at));
        if ends {
            return Ok(tokens);
        }
    }
}

impl<'a> Lexer<'a> {
    fn take(&mut self, len: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(len);
        self.rest = rest;
        for c in taken.chars() {
            self.at = if c == '\n' { (self.at.0 + 1, 1) } else { (self.at.0, self.at.1 + 1) };
        }
        taken
    }

    fn take_while(&mut self, fits: impl Fn(char) -> bool) -> &'a str {
        self.take(self.rest.find(|c| !fits(c)).unwrap_or(self.rest.len()))
    }

    /// White space, commas and comments.
    fn skip_ignored(&mut self) {
        loop {
            self.take_while(|c| matches!(c, ' ' | '\t' | '\n' | '\r' | ',' | '\u{feff}'));
            if !self.rest.starts_with('#') {
                return;
            }
            self.take_while(|c| c != '\n');
        }
    }

    fn token(&mut self) -> Result<Token, GraphqlError> {
        let Some(first) = self.rest.chars().next() else { return Ok(Token::End) };
        match first {
            '.' if self.rest.starts_with("...") => {
                self.take(3);
                Ok(Token::Punctuator('.'))
            }
            '!' | '$' | '(' | ')' | ':' | '=' | '@' | '[' | ']' | '{' | '|' | '}' | '&' => {
                self.take(1);
                Ok(Token::Punctuator(first))
            }
            '"' => self.text(),
            '-' | '0'..='9' => self.number(),
            c if c == '_' || c.is_ascii_alphabetic() => {
                let name = self.take_while(|c| c == '_' || c.is_ascii_alphanumeric());
                Ok(Token::Name(name.to_owned()))
            }
            other => Err(self.offending(&other.to_string())),
        }
    }

    fn number(&mut self) -> Result<Token, GraphqlError> {
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '+' | '.');
        let len = self.rest.find(|c| !fits(c)).unwrap_or(self.rest.len());
        let text = &self.rest[..len];
        // JSON and GraphQL write numbers alike.
        if serde_json::from_str::<serde_json::Number>(text).is_err() {
            return Err(self.offending(text));
        }
        let text = self.take(len).to_owned();
        let is_float = text.contains(['.', 'e', 'E']);
        Ok(if is_float { Token::Float(text) } else { Token::Int(text) })
    }

    /// A string in quotes, escaped as in JSON, or a block string.
    fn text(&mut self) -> Result<Token, GraphqlError> {
        if let Some(block) = self.rest.strip_prefix("\"\"\"") {
            let Some(len) = block.find("\"\"\"") else { return Err(self.offending("\"\"\"")) };
            let text = self.take(len + 6);
            return Ok(Token::Text(text[3..len + 3].trim().to_owned()));
        }
        let mut escaped = false;
        let end = self.rest.char_indices().skip(1).find_map(|(at, c)| {
            let ends = (c == '"' && !escaped) || c == '\n';
            escaped = c == '\\' && !escaped;
            ends.then_some(at)
        });
        let quoted = &self.rest[..end.map_or(self.rest.len(), |end| end + 1)];
        match serde_json::from_str(quoted) {
            Ok(text) => {
                self.take(quoted.len());
                Ok(Token::Text(text))
            }
            Err(_) => Err(self.offending(quoted)),
        }
    }

    fn offending(&self, token: &str) -> GraphqlError {
        offending(token, self.at)
    }
}

pub(super) fn offending(token: &str, at: Position) -> GraphqlError {
    let (line, column) = at;
    let message =
        format!("Invalid syntax with offending token '{token}' at line {line} column {column}");
    GraphqlError::syntax(at, message)
}

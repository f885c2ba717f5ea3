//! A reader of GraphQL documents: operations, fields, arguments, inline fragments, `@include` and `@skip`.
//! Source: <https://spec.graphql.org/October2021/>

use std::{collections::BTreeMap, iter::Peekable, vec::IntoIter};

use serde_json::{Map, Value};

/// An operation with its variables filled in.
#[derive(Debug)]
pub struct Document {
    pub mutation: bool,
    pub fields: Vec<Field>,
}

/// A selected field.
#[derive(Debug, Clone, Default)]
pub struct Field {
    pub name: String,
    /// Name in the response.
    pub key: String,
    pub args: BTreeMap<String, Value>,
    pub fields: Vec<Field>,
    /// Type of the inline fragment around it.
    pub on: Option<String>,
}

impl Field {
    /// A string argument.
    pub fn text(&self, name: &str) -> &str {
        self.args.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// The selected fields that apply to a type.
    pub fn fields_on(&self, type_name: &str) -> impl Iterator<Item = &Field> {
        self.fields.iter().filter(move |field| field.on.as_deref().is_none_or(|on| on == type_name))
    }
}

type Result<T> = std::result::Result<T, String>;

pub fn parse(text: &str, variables: &Map<String, Value>) -> Result<Document> {
    let mut parser = Parser { tokens: tokens(text)?.into_iter().peekable(), variables, declared: Vec::new() };
    let mutation = match parser.tokens.peek().map(String::as_str) {
        Some("{") => false,
        Some("query") => parser.next().map(|_| false)?,
        Some("mutation") => parser.next().map(|_| true)?,
        other => return Err(format!("Parse error on {other:?}")),
    };
    parser.header()?;
    let fields = parser.selection(None)?;
    match parser.tokens.next() {
        None => Ok(Document { mutation, fields }),
        Some(token) => Err(format!("Parse error on {token:?}: one operation is expected")),
    }
}

/// Punctuation, names, numbers, and strings with their quotes.
fn tokens(text: &str) -> Result<Vec<String>> {
    let mut tokens = Vec::new();
    let mut chars = text.chars().peekable();
    while let Some(first) = chars.next() {
        let mut token = first.to_string();
        match first {
            ' ' | '\n' | '\r' | '\t' | ',' => continue,
            '#' => {
                while chars.next_if(|next| *next != '\n').is_some() {}
                continue;
            }
            '"' => {
                while let Some(next) = chars.next() {
                    token.push(next);
                    match next {
                        '\\' => token.extend(chars.next()),
                        '"' => break,
                        _ => {}
                    }
                }
            }
            '.' => token.extend(std::iter::from_fn(|| chars.next_if_eq(&'.'))),
            c if c.is_alphanumeric() || c == '_' || c == '-' => {
                token.extend(std::iter::from_fn(|| chars.next_if(|next| next.is_alphanumeric() || *next == '_')));
            }
            '{' | '}' | '(' | ')' | '[' | ']' | ':' | '!' | '=' | '@' | '$' => {}
            other => return Err(format!("Parse error on {other:?}")),
        }
        tokens.push(token);
    }
    Ok(tokens)
}

struct Parser<'a> {
    tokens: Peekable<IntoIter<String>>,
    variables: &'a Map<String, Value>,
    declared: Vec<String>,
}

impl Parser<'_> {
    fn next(&mut self) -> Result<String> {
        self.tokens.next().ok_or_else(|| "Unexpected end of document".to_owned())
    }

    fn eat(&mut self, token: &str) -> bool {
        self.tokens.next_if(|next| next == token).is_some()
    }

    fn expect(&mut self, token: &str) -> Result<()> {
        let next = self.next()?;
        if next == token { Ok(()) } else { Err(format!("Parse error on {next:?}: expected {token:?}")) }
    }

    /// Name and variables of the operation.
    fn header(&mut self) -> Result<()> {
        if self.tokens.peek().is_some_and(|token| token != "{" && token != "(") {
            self.next()?;
        }
        if !self.eat("(") {
            return Ok(());
        }
        while !self.eat(")") {
            self.expect("$")?;
            let name = self.next()?;
            self.expect(":")?;
            let list = self.eat("[");
            self.next()?;
            let mut required = self.eat("!");
            if list {
                self.expect("]")?;
                required = self.eat("!");
            }
            if required && self.variables.get(&name).is_none_or(Value::is_null) {
                return Err(format!("Variable ${name} of a required type was provided invalid value"));
            }
            self.declared.push(name);
        }
        Ok(())
    }

    fn selection(&mut self, on: Option<&str>) -> Result<Vec<Field>> {
        let mut fields = Vec::new();
        self.expect("{")?;
        while !self.eat("}") {
            if self.eat("...") {
                self.expect("on")?;
                let name = self.next()?;
                fields.extend(self.selection(Some(&name))?);
                continue;
            }
            let key = self.next()?;
            let name = if self.eat(":") { self.next()? } else { key.clone() };
            let mut field = Field { name, key, on: on.map(str::to_owned), ..Field::default() };
            if self.eat("(") {
                field.args = self.arguments()?;
            }
            let mut wanted = true;
            while self.eat("@") {
                let directive = self.next()?;
                self.expect("(")?;
                let condition = self.arguments()?.get("if").and_then(Value::as_bool).unwrap_or_default();
                wanted &= match directive.as_str() {
                    "include" => condition,
                    "skip" => !condition,
                    other => return Err(format!("Directive @{other} is not defined")),
                };
            }
            if self.tokens.peek().is_some_and(|token| token == "{") {
                field.fields = self.selection(None)?;
            }
            if wanted {
                fields.push(field);
            }
        }
        Ok(fields)
    }

    fn arguments(&mut self) -> Result<BTreeMap<String, Value>> {
        let mut args = BTreeMap::new();
        while !self.eat(")") {
            let name = self.next()?;
            self.expect(":")?;
            args.insert(name, self.value()?);
        }
        Ok(args)
    }

    fn value(&mut self) -> Result<Value> {
        let token = self.next()?;
        match token.as_str() {
            "$" => {
                let name = self.next()?;
                if !self.declared.contains(&name) {
                    return Err(format!("Variable ${name} is used but not declared"));
                }
                Ok(self.variables.get(&name).cloned().unwrap_or(Value::Null))
            }
            "{" => {
                let mut object = Map::new();
                while !self.eat("}") {
                    let name = self.next()?;
                    self.expect(":")?;
                    object.insert(name, self.value()?);
                }
                Ok(Value::Object(object))
            }
            "[" => {
                let mut list = Vec::new();
                while !self.eat("]") {
                    list.push(self.value()?);
                }
                Ok(Value::Array(list))
            }
            // Strings, numbers, booleans and null are JSON; what is left is the name of an enum's value.
            text => Ok(serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()))),
        }
    }
}

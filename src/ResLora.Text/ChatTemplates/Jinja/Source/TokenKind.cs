namespace ResLora.Text.ChatTemplates.Jinja.Source;

/// <summary>The kinds of token.</summary>
internal enum TokenKind
{
    /// <summary>Text between tags.</summary>
    Data,

    /// <summary>The start of a tag with a statement.</summary>
    BlockBegin,

    /// <summary>Its end.</summary>
    BlockEnd,

    /// <summary>The start of a tag with a value.</summary>
    VariableBegin,

    /// <summary>Its end.</summary>
    VariableEnd,

    /// <summary>A name or a word of the language.</summary>
    Name,

    /// <summary>A text in quotes.</summary>
    Quoted,

    /// <summary>A whole number.</summary>
    Integer,

    /// <summary>A number with a point or an exponent.</summary>
    Float,

    /// <summary>An operator or a bracket.</summary>
    Sign,

    /// <summary>Behind everything.</summary>
    End,
}

namespace ResLora.Text.Tokenization.Gguf;

/// <summary>llama.cpp's kinds of tokens; other numbers count as ordinary ones.</summary>
internal enum GgufTokenType
{
    /// <summary>An ordinary token.</summary>
    Normal = 1,

    /// <summary>The one for what is no token.</summary>
    Unknown = 2,

    /// <summary>A special token.</summary>
    Control = 3,

    /// <summary>A token that is found in every text.</summary>
    UserDefined = 4,

    /// <summary>A row without a token.</summary>
    Unused = 5,

    /// <summary>A byte, as <c>&lt;0x0A&gt;</c>.</summary>
    Byte = 6,
}

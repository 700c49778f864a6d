namespace ResLora.Text.Tokenization;

/// <summary>At which side a text is cut that is too long.</summary>
internal enum TruncationSide
{
    /// <summary>Its end is left out.</summary>
    Right,

    /// <summary>Its beginning is left out.</summary>
    Left,
}

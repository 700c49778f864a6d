namespace ResLora.Text.Tokenization.Pipeline;

/// <summary>What becomes of the matches of a pattern that cuts a text; the names are those of tokenizer.json.</summary>
internal enum SplitBehavior
{
    /// <summary>Matches are thrown away.</summary>
    Removed,

    /// <summary>Every match is a piece of its own.</summary>
    Isolated,

    /// <summary>A match ends the piece before it.</summary>
    MergedWithPrevious,

    /// <summary>A match begins the piece behind it.</summary>
    MergedWithNext,

    /// <summary>Neighbouring matches are one piece.</summary>
    Contiguous,
}

namespace ResLora.Text.Data.Chat;

/// <summary>A conversation as tokens.</summary>
/// <param name="Samples">
/// One, or several where the template changes earlier turns; none where nothing fits or nothing is to be learnt.
/// </param>
/// <param name="Fit">How it went into the limit.</param>
public sealed record EncodedChat(IReadOnlyList<TokenizedSample> Samples, ChatFit Fit)
{
    /// <summary>The tokens of the shortest form that was tried.</summary>
    public int Shortest { get; init; }
}

/// <summary>How a conversation goes into a limit of tokens.</summary>
public enum ChatFit
{
    /// <summary>As it is.</summary>
    Whole,

    /// <summary>Without its oldest turns.</summary>
    Cut,

    /// <summary>Not at all.</summary>
    TooLong,

    /// <summary>There is nothing in it to learn.</summary>
    Untrained,
}

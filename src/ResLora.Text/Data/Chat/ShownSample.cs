using System.Text.Json.Serialization;

namespace ResLora.Text.Data.Chat;

/// <summary>A sample as tokens, to look at.</summary>
/// <param name="Sample">Which sample of the data, from 1.</param>
/// <param name="Part">Which part of it, from 1: a conversation may become several samples.</param>
/// <param name="Parts">How many parts there are.</param>
/// <param name="Tokens">Its tokens, and those that were cut off it.</param>
public sealed record ShownSample(int Sample, int Part, int Parts, IReadOnlyList<ShownToken> Tokens)
{
    /// <summary>Why it is left out; null where it is not.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? LeftOut { get; init; }

    /// <summary>How many of its tokens are of a use.</summary>
    /// <param name="use">The use.</param>
    /// <returns>The count.</returns>
    public int Count(TokenUse use) => Tokens.Count(token => token.Use == use);
}

/// <summary>A token of a sample.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Text">What it adds to the text; empty where a character needs further tokens.</param>
/// <param name="Use">What becomes of it.</param>
public sealed record ShownToken(int Id, string Text, TokenUse Use);

/// <summary>What becomes of a token in training.</summary>
public enum TokenUse
{
    /// <summary>The model reads it.</summary>
    Read,

    /// <summary>The model learns to write it.</summary>
    Trained,

    /// <summary>It is cut off, and the model does not see it.</summary>
    Cut,
}

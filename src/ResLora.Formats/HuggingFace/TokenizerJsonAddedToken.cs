using ResLora.Formats.Errors;

namespace ResLora.Formats.HuggingFace;

/// <summary>A token that is found in the text before the model sees it, such as <c>&lt;s&gt;</c>.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Content">Its text.</param>
/// <param name="Special">Whether decoding may leave it out.</param>
/// <param name="SingleWord">Whether it counts only when no word character touches it.</param>
/// <param name="StripLeft">Whether it swallows the white space before it.</param>
/// <param name="StripRight">Whether it swallows the white space behind it.</param>
/// <param name="Normalized">Whether it is looked for in the normalized text instead of the raw one.</param>
public sealed record TokenizerJsonAddedToken(
    int Id, string Content, bool Special, bool SingleWord, bool StripLeft, bool StripRight, bool Normalized)
{
    private const int LongestContent = 1024; // bounds the time of the search on hostile files

    /// <summary>Reads one entry of <c>added_tokens</c>.</summary>
    /// <param name="json">The entry.</param>
    /// <returns>The token.</returns>
    /// <exception cref="FileFormatException">A setting is missing or of the wrong kind.</exception>
    internal static TokenizerJsonAddedToken Read(TokenizerJsonComponent json) =>
        Read(json, TokenizerJsonModelReader.RequireId(json.Child("id")));

    /// <summary>Reads a token that stands without its id.</summary>
    /// <param name="json">The token's settings.</param>
    /// <param name="id">Its id.</param>
    /// <returns>The token.</returns>
    /// <exception cref="FileFormatException">A setting is missing or of the wrong kind.</exception>
    internal static TokenizerJsonAddedToken Read(TokenizerJsonComponent json, int id)
    {
        var special = json.Flag("special");
        return new TokenizerJsonAddedToken(
            id, RequireContent(json, json.Text("content")), special,
            json.Flag("single_word"), json.Flag("lstrip"), json.Flag("rstrip"), json.Flag("normalized", !special));
    }

    /// <summary>A token that only its content describes.</summary>
    /// <param name="json">Where it stands, for messages.</param>
    /// <param name="content">Its text.</param>
    /// <param name="special">Whether it is a special one; only others are looked for in the normalized text.</param>
    /// <returns>The token, without an id.</returns>
    /// <exception cref="FileFormatException">The content is empty or too long.</exception>
    internal static TokenizerJsonAddedToken Plain(TokenizerJsonComponent json, string content, bool special) =>
        new(0, RequireContent(json, content), special, false, false, false, !special);

    private static string RequireContent(TokenizerJsonComponent json, string content) => content.Length is not 0 and <= LongestContent
        ? content
        : throw json.Error($"its content has {content.Length} characters, expected 1 to {LongestContent}");
}

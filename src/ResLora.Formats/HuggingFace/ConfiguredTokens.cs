using System.Globalization;
using ResLora.Formats.Errors;
using ResLora.Formats.Files;

namespace ResLora.Formats.HuggingFace;

/// <summary>
/// The tokens that the files beside a tokenizer.json name and that the transformers library adds to it: <c>added_tokens_decoder</c>, all
/// keys that end in <c>_token</c>, <c>extra_special_tokens</c> or, without it, <c>additional_special_tokens</c>.
/// </summary>
/// <remarks>
/// Without an <c>added_tokens_decoder</c> the older <c>special_tokens_map.json</c> goes before tokenizer_config.json, and
/// <c>added_tokens.json</c> counts. A token that the vocabulary has keeps its id; a new one gets the next free id, whatever id the files
/// give it.
/// </remarks>
internal static class ConfiguredTokens
{
    private const string Added = "added_tokens_decoder";

    // In the order in which the library adds them; others follow in the order of the file.
    private static readonly string[] _standard =
        ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"];

    // The newer name goes first; only one of them counts.
    private static readonly string[] _extra = ["extra_special_tokens", "additional_special_tokens"];

    /// <summary>The added tokens of a tokenizer with those of the files beside it.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="own">The tokenizer's own added tokens.</param>
    /// <param name="idOf">The id of a token that the tokenizer has.</param>
    /// <param name="nextId">The id of the first new token.</param>
    /// <returns>The tokens; those that were there come first.</returns>
    /// <exception cref="FileFormatException">A file breaks its format or asks for something that is not supported.</exception>
    public static IReadOnlyList<TokenizerJsonAddedToken> Merge(
        string folder, IReadOnlyList<TokenizerJsonAddedToken> own, Func<string, int?> idOf, int nextId)
    {
        var config = Open(folder, "tokenizer_config.json");
        if (config?.Flag("split_special_tokens") ?? false)
        {
            throw config.Error(
                "split_special_tokens true is not supported: special tokens that stand in a text are always found; set it to false");
        }

        var isListed = config?.Has(Added) ?? false;
        var sources = new[] { isListed ? null : Open(folder, "special_tokens_map.json"), config }.OfType<TokenizerJsonComponent>().ToList();
        var special = Named(sources).Concat(Extra(sources)).DistinctBy(token => token.Content).ToList();
        var names = special.Select(token => token.Content).ToHashSet(StringComparer.Ordinal);
        var tokens = own.ToDictionary(token => token.Content, StringComparer.Ordinal);
        foreach (var token in isListed ? Listed(config!.Child(Added)) : Older(folder, names).Concat(own))
        {
            Put(token with { Special = token.Special || names.Contains(token.Content) });
        }

        foreach (var token in special.Where(token => !tokens.ContainsKey(token.Content)))
        {
            Put(token with { Special = true });
        }

        return [.. tokens.Values];

        void Put(TokenizerJsonAddedToken token)
        {
            var known = tokens.GetValueOrDefault(token.Content);
            var id = known?.Id ?? idOf(token.Content) ?? nextId++;
            tokens[token.Content] = token with { Id = id, Special = token.Special || known is { Special: true } };
        }
    }

    private static TokenizerJsonComponent? Open(string folder, string name)
    {
        var path = Path.Combine(folder, name);
        return ModelFiles.Exists(path) ? TokenizerJsonComponent.ReadFile(path) : null;
    }

    // {"32000": {"content": "<x>", "lstrip": false, …}, …} in the order of the numbers.
    private static IEnumerable<TokenizerJsonAddedToken> Listed(TokenizerJsonComponent listed) => listed.Entries()
        .OrderBy(entry => int.TryParse(entry.Key, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw entry.Value.Error("its key is no id"))
        .Select(entry => TokenizerJsonAddedToken.Read(entry.Value, 0));

    // {"<x>": 32000, …} in the order of the numbers; looked for in the normalized text unless special.
    private static IEnumerable<TokenizerJsonAddedToken> Older(string folder, HashSet<string> special) =>
        (Open(folder, "added_tokens.json")?.Entries() ?? [])
        .OrderBy(entry => entry.Value.AsNumber())
        .Select(entry => TokenizerJsonAddedToken.Plain(entry.Value, entry.Key, special.Contains(entry.Key)));

    private static IEnumerable<TokenizerJsonAddedToken> Named(IReadOnlyList<TokenizerJsonComponent> sources) => sources
        .SelectMany(source => source.Entries())
        .Where(entry => entry.Key.EndsWith("_token", StringComparison.Ordinal) && (entry.Value.IsText || entry.Value.Has("content")))
        .DistinctBy(entry => entry.Key)
        .OrderBy(entry => Array.IndexOf(_standard, entry.Key) is var place and >= 0 ? place : _standard.Length)
        .Select(entry => Special(entry.Value));

    private static IEnumerable<TokenizerJsonAddedToken> Extra(IReadOnlyList<TokenizerJsonComponent> sources)
    {
        var listed = _extra
            .SelectMany(key => sources.Select(source => source.ChildOrNull(key)))
            .FirstOrDefault(value => value is not null);
        return listed is null ? [] : (listed.IsList ? listed.Items() : listed.Entries().Select(entry => entry.Value)).Select(Special);
    }

    // "<x>" or {"content": "<x>", "lstrip": true, …}
    private static TokenizerJsonAddedToken Special(TokenizerJsonComponent json) =>
        json.IsText ? TokenizerJsonAddedToken.Plain(json, json.AsText(), special: true) : TokenizerJsonAddedToken.Read(json, 0);
}

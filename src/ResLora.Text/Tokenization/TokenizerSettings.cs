using ResLora.Formats.Errors;
using ResLora.Formats.Files;
using ResLora.Formats.HuggingFace;

namespace ResLora.Text.Tokenization;

/// <summary>
/// What the files beside a tokenizer say: the begin, end and padding tokens and the chat template. To name a token is not to add it: which
/// tokens stand around a text is said by tokenizer.json, or by <see cref="AddBegin"/> and <see cref="AddEnd"/> where there is none.
/// </summary>
internal sealed record TokenizerSettings
{
    private const string ConfigFile = "tokenizer_config.json";

    private const long LargestTemplate = 4 << 20;   // published ones have some ten kilobytes

    public int? BeginId { get; private init; }

    /// <summary>The token that the tokenizer's own files call the end.</summary>
    public int? NamedEndId { get; private init; }

    public required EndTokens Ends { get; init; }

    public int? PadId { get; private init; }

    public int? MaskId { get; private init; }

    public string? ChatTemplate { get; private init; }

    /// <summary>Whether tokenizer_config.json wants the begin token in front (<c>add_bos_token</c>); null when it does not say.</summary>
    public bool? AddBegin { get; private init; }

    /// <summary>Whether tokenizer_config.json wants the end token behind (<c>add_eos_token</c>); null when it does not say.</summary>
    public bool? AddEnd { get; private init; }

    /// <summary>Reads the files beside a tokenizer; none of them has to exist.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="tokenizer">The tokenizer.</param>
    /// <returns>The settings.</returns>
    /// <exception cref="FileFormatException">A file breaks its format or names a token that the tokenizer lacks.</exception>
    public static TokenizerSettings Read(string folder, TokenizerJson tokenizer)
    {
        var config = Open(folder, ConfigFile);
        var (map, generation, model) = (
            Open(folder, "special_tokens_map.json"), Open(folder, "generation_config.json"), Open(folder, "config.json"));
        // A model may have more rows than its tokenizer has tokens.
        var size = Math.Max(tokenizer.VocabularySize, model?.ChildOrNull("vocab_size")?.AsNumber() ?? 0);

        // Without this list the older file goes before tokenizer_config.json, as in the transformers library.
        var (first, second) = config?.Has("added_tokens_decoder") == true ? (config, map) : (map, config);
        var end = Named("eos_token", first, tokenizer) ?? Named("eos_token", second, tokenizer);
        int? Find(string key) =>
            (Named(key, first, tokenizer) ?? Named(key, second, tokenizer))?.Id
            ?? Numbered(key, generation, size) ?? Numbered(key, model, size);
        return new TokenizerSettings
        {
            BeginId = Find("bos_token"),
            NamedEndId = end?.Id,
            Ends = EndTokens.Read(generation, model, end, size),
            PadId = Find("pad_token"),
            MaskId = Find("mask_token") ?? tokenizer.IdOf("<mask>") ?? tokenizer.IdOf("[MASK]"),
            AddBegin = config?.FlagOrNull("add_bos_token"),
            AddEnd = config?.FlagOrNull("add_eos_token"),
            ChatTemplate = Template(config) ?? TemplateFile(folder),
        };
    }

    private static TokenizerJsonComponent? Open(string folder, string name)
    {
        var path = Path.Combine(folder, name);
        return ModelFiles.Exists(path) ? TokenizerJsonComponent.ReadFile(path) : null;
    }

    // "</s>" or {"content": "</s>", "lstrip": false, …}
    private static (int Id, string File)? Named(string key, TokenizerJsonComponent? source, TokenizerJson tokenizer)
    {
        if (source?.ChildOrNull(key) is not { } value)
        {
            return null;
        }

        var token = value.IsText ? value.AsText() : value.Text("content");
        return tokenizer.IdOf(token) is { } id
            ? (id, source.File)
            : throw value.Error($"the token '{token}' is not in {tokenizer.File}; name a token that is, or null");
    }

    // The first of a list is the main one. Old configurations say -1 for a token that a model does not have.
    private static int? Numbered(string key, TokenizerJsonComponent? source, int size)
    {
        var value = source?.ChildOrNull(key + "_id");
        value = value is { IsList: true } ? (value.Items() is [var main, ..] ? main : null) : value;
        return value?.AsNumber() is { } id && id >= 0 && id < size ? id : null;
    }

    // A text, or a list of named ones of which "default" counts.
    private static string? Template(TokenizerJsonComponent? config)
    {
        var template = config?.ChildOrNull("chat_template");
        return template is { IsList: true }
            ? template.Items().FirstOrDefault(item => item.Text("name") == "default")?.Text("template")
            : template?.AsText();
    }

    private static string? TemplateFile(string folder)
    {
        var path = Path.Combine(folder, "chat_template.jinja");
        return ModelFiles.Exists(path) ? InputFile.ReadText(path, LargestTemplate) : null;
    }
}

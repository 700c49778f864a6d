using ResLora.Formats.Errors;
using ResLora.Formats.HuggingFace;

namespace ResLora.Training.Tokenization;

/// <summary>What the files beside a tokenizer.json say: the begin, end and padding tokens and the chat template.</summary>
internal sealed record TokenizerSettings
{
    private const string ConfigFile = "tokenizer_config.json";

    // Only these classes of the transformers library build the template anew from add_bos_token and add_eos_token.
    private static readonly string[] _rebuildingClasses = ["Llama", "CodeLlama", "Gemma", "Cohere"];

    public int? BeginId { get; private init; }

    public int? EndId { get; private init; }

    public int? PadId { get; private init; }

    public int? MaskId { get; private init; }

    public string? ChatTemplate { get; private init; }

    /// <summary>Whether the begin token is put in front; null leaves it to tokenizer.json.</summary>
    public bool? AddBegin { get; private init; }

    /// <summary>Whether the end token is put behind; null leaves it to tokenizer.json.</summary>
    public bool? AddEnd { get; private init; }

    /// <summary>Reads the files beside a tokenizer.json; none of them has to exist.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="tokenizer">The tokenizer.json.</param>
    /// <returns>The settings.</returns>
    /// <exception cref="FileFormatException">A file breaks its format or names a token that the tokenizer lacks.</exception>
    public static TokenizerSettings Read(string folder, TokenizerJson tokenizer)
    {
        var config = Open(folder, ConfigFile);
        var sources = new[] { config, Open(folder, "special_tokens_map.json") };
        var generation = Open(folder, "generation_config.json");

        var rebuilds = config?.TextOrNull("tokenizer_class") is { } name &&
            _rebuildingClasses.Any(family => name.StartsWith(family, StringComparison.Ordinal));
        return new TokenizerSettings
        {
            BeginId = Find("bos_token", sources, generation, tokenizer),
            EndId = Find("eos_token", sources, generation, tokenizer),
            PadId = Find("pad_token", sources, generation, tokenizer),
            MaskId = Find("mask_token", sources, generation, tokenizer) ?? tokenizer.IdOf("<mask>") ?? tokenizer.IdOf("[MASK]"),
            AddBegin = rebuilds ? config!.FlagOrNull("add_bos_token") : null,
            AddEnd = rebuilds ? config!.FlagOrNull("add_eos_token") : null,
            ChatTemplate = Template(config) ?? TemplateFile(folder),
        };
    }

    private static TokenizerJsonComponent? Open(string folder, string name)
    {
        var path = Path.Combine(folder, name);
        return File.Exists(path) ? TokenizerJsonComponent.ReadFile(path) : null;
    }

    private static int? Find(
        string key, IEnumerable<TokenizerJsonComponent?> sources, TokenizerJsonComponent? generation, TokenizerJson tokenizer)
    {
        foreach (var source in sources)
        {
            if (source?.ChildOrNull(key) is { } value)
            {
                // "</s>" or {"content": "</s>", "lstrip": false, …}
                var token = value.IsText ? value.AsText() : value.Text("content");
                return tokenizer.IdOf(token) ?? throw value.Error(
                    $"the token '{token}' is not in {tokenizer.File}; name a token that is, or null");
            }
        }

        // generation_config.json may list several end tokens; the first is the main one.
        var id = generation?.ChildOrNull(key + "_id");
        id = id is { IsList: true } ? (id.Items() is [var main, ..] ? main : null) : id;
        return id is null ? null
            : tokenizer.TokenOf(id.AsNumber()) is not null ? id.AsNumber()
            : throw id.Error($"the id {id.AsNumber()} is not in {tokenizer.File}");
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
        return File.Exists(path) ? File.ReadAllText(path) : null;
    }
}

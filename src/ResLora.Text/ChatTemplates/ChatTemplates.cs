using ResLora.Formats.Errors;
using ResLora.Formats.Files;
using ResLora.Formats.HuggingFace;

namespace ResLora.Text.ChatTemplates;

/// <summary>
/// The chat templates of a model by their names, and the special tokens that they see. As in transformers, template files
/// (<c>chat_template.jinja</c>, <c>additional_chat_templates/NAME.jinja</c>) stand for those of tokenizer_config.json, which hold one
/// template or several with names.
/// </summary>
public sealed class ChatTemplates
{
    /// <summary>The name of a template that has none, and of the one that is taken unless another is asked for.</summary>
    public const string DefaultName = "default";

    /// <summary>The name of the template for conversations with tools, where there is one.</summary>
    public const string ToolUseName = "tool_use";

    private const string Key = "chat_template";
    private const string ConfigFile = "tokenizer_config.json";
    private const string MainFile = "chat_template.jinja";
    private const string FurtherFolder = "additional_chat_templates";
    private const string Extension = ".jinja";

    private static readonly string[] _tokens =
        ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"];

    private readonly Dictionary<string, (string Source, string Where)> _templates = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _specialTokens = new(StringComparer.Ordinal);
    private readonly string _where;

    private ChatTemplates(string where) => _where = where;

    /// <summary>The templates' names in order; none for a model without templates.</summary>
    public IReadOnlyCollection<string> Names => _templates.Keys;

    /// <summary>The special tokens by their names, such as <c>eos_token</c>, for <see cref="ChatRequest.SpecialTokens"/>.</summary>
    public IReadOnlyDictionary<string, string> SpecialTokens => _specialTokens;

    /// <summary>Reads the templates of a model's folder.</summary>
    /// <param name="modelFolder">The folder.</param>
    /// <returns>The templates; they are parsed when they are chosen.</returns>
    /// <exception cref="FileFormatException">A file breaks its format.</exception>
    public static ChatTemplates Read(string modelFolder)
    {
        ArgumentNullException.ThrowIfNull(modelFolder);
        var templates = new ChatTemplates(modelFolder);
        var map = Path.Combine(modelFolder, "special_tokens_map.json");
        if (ModelFiles.Exists(map))
        {
            templates.AddTokens(TokenizerJsonComponent.ReadFile(map));
        }

        var config = Path.Combine(modelFolder, ConfigFile);
        if (ModelFiles.Exists(config))
        {
            templates.AddConfig(TokenizerJsonComponent.ReadFile(config));
        }

        templates.AddFiles(modelFolder);
        return templates;
    }

    /// <summary>The templates of a tokenizer_config.json.</summary>
    /// <param name="tokenizerConfig">The file's text.</param>
    /// <param name="where">What messages call it.</param>
    /// <returns>The templates; they are parsed when they are chosen.</returns>
    /// <exception cref="FileFormatException">The text breaks the file's format.</exception>
    public static ChatTemplates Parse(string tokenizerConfig, string where)
    {
        ArgumentNullException.ThrowIfNull(tokenizerConfig);
        var templates = new ChatTemplates(where);
        templates.AddConfig(TokenizerJsonComponent.Parse(tokenizerConfig, where));
        return templates;
    }

    /// <summary>The template for a conversation: the one asked for, or with tools the one for them, or the default.</summary>
    /// <param name="hasTools">Whether the conversation has tools.</param>
    /// <param name="name">The template's name; null for what suits the conversation.</param>
    /// <returns>The template.</returns>
    /// <exception cref="ConfigException">There is no template, none of this name, or several and none is the default.</exception>
    /// <exception cref="ChatTemplateException">The template breaks the rules of its language.</exception>
    public ChatTemplate Choose(bool hasTools = false, string? name = null)
    {
        if (_templates.Count == 0)
        {
            throw new ConfigException($"{_where}: the model has no chat template ({ConfigFile} with '{Key}', or {MainFile}).");
        }

        var wanted = name ?? (hasTools && _templates.ContainsKey(ToolUseName) ? ToolUseName : DefaultName);
        if (_templates.TryGetValue(wanted, out var template))
        {
            return ChatTemplate.Parse(template.Source, template.Where);
        }

        throw new ConfigException($"{_where}: there is no chat template '{wanted}'; there are {string.Join(", ", Names)}.");
    }

    private void AddConfig(TokenizerJsonComponent config)
    {
        AddTokens(config);
        if (config.ChildOrNull(Key) is not { } written)
        {
            return;
        }

        if (written.IsText)
        {
            _templates[DefaultName] = (written.AsText(), $"{config.File}, {written.Where}");
            return;
        }

        var named = written.IsList
            ? written.Items().Select(item => (Name: item.Text("name"), Template: item.Child("template")))
            : written.Entries().Select(entry => (Name: entry.Key, Template: entry.Value));
        foreach (var (name, template) in named)
        {
            _templates[name] = (template.AsText(), $"{config.File}, {template.Where} ('{name}')");
        }
    }

    private void AddTokens(TokenizerJsonComponent source)
    {
        foreach (var name in _tokens)
        {
            if (source.ChildOrNull(name) is { } token)
            {
                _specialTokens[name] = token.IsText ? token.AsText() : token.Text("content");
            }
        }
    }

    private void AddFiles(string modelFolder)
    {
        var main = Path.Combine(modelFolder, MainFile);
        var further = Path.Combine(modelFolder, FurtherFolder);
        (string Name, string File)[] files =
        [
            .. File.Exists(main) ? [(DefaultName, main)] : Array.Empty<(string, string)>(),
            .. Directory.Exists(further)
                ? Directory.EnumerateFiles(further, "*" + Extension).Order(StringComparer.Ordinal).Select(file =>
                    (Path.GetFileNameWithoutExtension(file), file))
                : [],
        ];
        if (files.Length > 0)
        {
            _templates.Clear();
        }

        foreach (var (name, file) in files)
        {
            // A character takes three bytes at most for each unit that it has here.
            _templates[name] = (InputFile.ReadText(file, 3L * ChatTemplate.MaxLength), file);
        }
    }
}

using System.Text.Json;
using ResLora.Formats.Errors;
using ResLora.Formats.Files;
using ResLora.Text.ChatTemplates;
using ResLora.Text.Tokenization;

namespace ResLora.Experiments.Verification.Gguf;

/// <summary>Texts with the tokens that llama.cpp makes of them (<c>tokens.jsonl</c>), and a conversation (<c>chat.json</c>);
/// exact.</summary>
internal static class GgufModelTexts
{
    private const string TokensFile = "tokens.jsonl";
    private const string ChatFile = "chat.json";
    private const long LargestFile = 16L << 20;

    private static readonly JsonSerializerOptions _json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    /// <summary>Compares what a case has of them.</summary>
    /// <param name="model">The GGUF file.</param>
    /// <param name="folder">The case's folder.</param>
    /// <param name="quantities">Where the outcome goes: 0 for equal, 1 for not.</param>
    public static void Compare(string model, string folder, List<Quantity> quantities)
    {
        var tokenizer = Tokenizer.Load(model);
        var tokens = Path.Combine(folder, TokensFile);
        var lines = File.Exists(tokens) ? InputFile.ReadText(tokens, LargestFile).Split('\n') : [];
        foreach (var (index, line) in lines.Index().Where(line => line.Item.Length > 0))
        {
            Add($"tokens.{index + 1}", Parse<TokensLine>(line, $"{tokens}, line {index + 1}"));
        }

        var file = Path.Combine(folder, ChatFile);
        if (!File.Exists(file))
        {
            return;
        }

        var chat = Parse<ChatLine>(InputFile.ReadText(file, LargestFile), file);
        var templates = ChatTemplates.Read(model);
        var rendered = templates.Choose().Render(new ChatRequest
        {
            Messages = chat.Messages,
            AddGenerationPrompt = chat.AddGenerationPrompt,
            SpecialTokens = templates.SpecialTokens,
        });
        quantities.Add(new Quantity("chat.text", rendered.Text == chat.Text ? 0 : 1, 0));
        Add("chat", new TokensLine(chat.Text, chat.Ids, chat.IdsPlain));

        void Add(string name, TokensLine wanted)
        {
            quantities.Add(new Quantity($"{name}.ids", tokenizer.Encode(wanted.Text).SequenceEqual(wanted.Ids) ? 0 : 1, 0));
            quantities.Add(new Quantity(
                $"{name}.ids_plain", tokenizer.Encode(wanted.Text, findSpecialTokens: false).SequenceEqual(wanted.IdsPlain) ? 0 : 1, 0));
        }
    }

    private static T Parse<T>(string text, string place) where T : class
    {
        try
        {
            return JsonSerializer.Deserialize<T>(text, _json) ?? throw new FileFormatException($"{place}: null is no value here.");
        }
        catch (JsonException error)
        {
            throw new FileFormatException($"{place}: {error.Message}", error);
        }
    }

    private sealed record TokensLine(string Text, int[] Ids, int[] IdsPlain);

    private sealed record ChatLine(JsonElement Messages, bool AddGenerationPrompt, string Text, int[] Ids, int[] IdsPlain);
}

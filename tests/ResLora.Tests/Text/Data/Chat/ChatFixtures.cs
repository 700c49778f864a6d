using System.Text.Json.Nodes;
using ResLora.Tests.Text.Tokenization;
using ResLora.Text.ChatTemplates;
using ResLora.Text.Data;
using ResLora.Text.Data.Chat;
using ResLora.Text.Tokenization;

namespace ResLora.Tests.Text.Data.Chat;

/// <summary>A small tokenizer with tokens for turns, and templates of our own.</summary>
internal static class ChatFixtures
{
    /// <summary>Turns in angle brackets, a line feed behind each.</summary>
    public const string Plain =
        "{% for m in messages %}{{ '<|im_start|>' + m.role + '\\n' + m.content + '<|im_end|>\\n' }}{% endfor %}"
        + "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

    /// <summary>As <see cref="Plain"/>, but what was thought in a turn that is not the last message is left out.</summary>
    public const string Forgetful =
        "{% for m in messages %}{% set text = m.content if loop.last else m.content.split('</think>')[-1] %}"
        + "{{ '<|im_start|>' + m.role + '\\n' + text + '<|im_end|>\\n' }}{% endfor %}"
        + "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

    /// <summary>As <see cref="Plain"/>, with marks around what the assistant says.</summary>
    public const string Marked =
        "{% for m in messages %}{{ '<|im_start|>' + m.role + '\\n' }}{% if m.role == 'assistant' %}{% generation %}{{ m.content }}{% endgeneration %}"
        + "{% else %}{{ m.content }}{% endif %}{{ '<|im_end|>\\n' }}{% endfor %}"
        + "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

    public static Tokenizer Tokenizer { get; } = Make(addsBegin: false);

    public static Tokenizer Make(bool addsBegin)
    {
        var json = JsonNode.Parse(
            ByteLevelBpeTrainer.Train(TokenizerFixtures.Texts, new BpeTrainingOptions { VocabularySize = 300 }))!.AsObject();
        var added = json["added_tokens"]!.AsArray();
        added.Add(TokenizerFixtures.Added(400, "<|im_start|>"));
        added.Add(TokenizerFixtures.Added(401, "<|im_end|>"));
        if (!addsBegin)
        {
            json["post_processor"] = null;
        }

        return TokenizerFixtures.Load(json.ToJsonString(), ("tokenizer_config.json", """{"bos_token":"<s>","eos_token":"</s>"}"""));
    }

    public static ChatEncoder Encoder(string template, TrainOn trainOn = TrainOn.Assistant, Tokenizer? tokenizer = null) =>
        new(Format(template), tokenizer ?? Tokenizer, trainOn);

    public static ChatFormat Format(string template) =>
        new(
            ChatTemplate.Parse(template, "a template"),
            new Dictionary<string, string> { ["bos_token"] = "<s>", ["eos_token"] = "</s>" },
            "the template");

    /// <summary>Messages of users and the assistant in turn.</summary>
    public static Conversation Turns(params string[] texts) =>
        new([.. texts.Select((text, i) => ChatMessage.Of(i % 2 == 0 ? "user" : "assistant", text))]);

    /// <summary>The text of the tokens that are trained, a piece for each stretch of them.</summary>
    public static IReadOnlyList<string> Trained(TokenizedSample sample, Tokenizer? tokenizer = null)
    {
        var pieces = new List<List<int>>();
        for (var i = 0; i < sample.Ids.Length; i++)
        {
            if (sample.Labels[i] == TokenizedSample.Masked)
            {
                continue;
            }

            if (i == 0 || sample.Labels[i - 1] == TokenizedSample.Masked)
            {
                pieces.Add([]);
            }

            pieces[^1].Add(sample.Ids[i]);
        }

        return [.. pieces.Select(piece => Written(piece, tokenizer))];
    }

    public static string Written(IEnumerable<int> ids, Tokenizer? tokenizer = null) =>
        (tokenizer ?? Tokenizer).Decode(ids, skipSpecialTokens: false);
}

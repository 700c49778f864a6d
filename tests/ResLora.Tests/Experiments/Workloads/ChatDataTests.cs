using System.Text.Json;
using ResLora.Experiments.Evaluating;
using ResLora.Experiments.Planning;
using ResLora.Experiments.Running;
using ResLora.Experiments.Workloads;
using ResLora.Formats.Errors;
using ResLora.Text.Data.Chat;
using Xunit;

namespace ResLora.Tests.Experiments.Workloads;

/// <summary>Data that is written with a chat template, from the plan to the evaluation.</summary>
public sealed class ChatDataTests(TinyWorld world) : IClassFixture<TinyWorld>
{
    private const string Template =
        "{{ bos_token }}{% for m in messages %}{{ 'A: ' + m.content + eos_token if m.role == 'assistant' else 'Q: ' + m.content + '\n' }}{% endfor %}"
        + "{% if add_generation_prompt %}{{ 'A: ' }}{% endif %}";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public void Plan_ModelWithoutATemplate_IsAsItWasAndConversationsAreRefused()
    {
        var plain = PlanJob.Run(world.Run("plain"));

        var error = Assert.Throws<ConfigException>(() => PlanJob.Run(Chats("refused", world.Model)));

        Assert.Equal(["data", "trained tokens"], plain.DataFacts.Select(fact => fact.Key));
        Assert.Contains("conversations are written with a chat template, and", error.Message, StringComparison.Ordinal);
        Assert.Contains("chats.jsonl, line 1: ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Plan_ModelWithATemplate_WritesPromptsAsTurnsUnlessToldOtherwise()
    {
        var config = world.Run("auto") with { Model = ModelWithTemplate() };

        var auto = PlanJob.Run(config, show: 1);
        var never = PlanJob.Run(config with { Data = config.Data with { ChatTemplate = ChatTemplateUse.Never } }, show: 1);
        var plain = PlanJob.Run(world.Run("plain"), show: 1);

        Assert.Equal(["chat template", "learnt", "data", "trained tokens"], auto.DataFacts.Select(fact => fact.Key));
        Assert.StartsWith("the model's chat template", auto.DataFacts[0].Value, StringComparison.Ordinal);
        Assert.Equal("<s>Q: What is 0 plus 0?\nA: ", Text(auto, TokenUse.Read));
        Assert.Equal("0 + 0 = 0. The answer is 0.</s>", Text(auto, TokenUse.Trained));
        Assert.Equal(plain.DataFacts, never.DataFacts);
        Assert.Equal(plain.Shown[0].Tokens, never.Shown[0].Tokens);
    }

    [Fact]
    public void Plan_Conversations_SayWhatTheyAreAndHowManyAreCut()
    {
        var config = Chats("cut", ModelWithTemplate());

        var whole = PlanJob.Run(config);
        var cut = PlanJob.Run(config with { Training = config.Training with { MaxLength = whole.Run.LongestSample - 1 } });

        Assert.Equal(
            "column messages, as OpenAI writes them (role, content)", whole.DataFacts.Single(fact => fact.Key == "conversations").Value);
        Assert.Equal("the assistant's turns with their end-of-turn tokens", whole.DataFacts.Single(fact => fact.Key == "learnt").Value);
        Assert.Contains(
            "conversations are cut at their oldest turns), 0 too long, 0 with nothing to learn",
            cut.DataFacts.Single(fact => fact.Key == "data").Value,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Train_WithATemplate_IsEvaluatedWithItAndOlderAdaptersWithout()
    {
        var config = world.Run("tuned") with { Model = ModelWithTemplate() };
        TrainJob.Run(config, stop: Stop);
        var adapter = Path.Combine(config.Output!, "last");
        var options = new EvaluateOptions
        {
            Model = config.Model,
            Adapter = adapter,
            Task = "word-problems",
            Data = world.Data,
            Limit = 2,
            MaxNewTokens = 4,
            PredictionsFile = world.Folder["predictions.jsonl"],
        };

        var trained = EvaluateJob.Run(options, stop: Stop);
        var asked = JsonSerializer.Deserialize<JsonElement>(
            File.ReadLines(options.PredictionsFile!).First()).GetProperty("prompt").GetString();
        var never = EvaluateJob.Run(options with { ChatTemplate = "never" }, stop: Stop);
        File.WriteAllText(Path.Combine(adapter, "reslora_prompt.json"), """{"task":"word-problems","frame":{"before":"","after":""}}""");
        var older = EvaluateJob.Run(options, stop: Stop);

        Assert.Equal("the model's chat template", trained.ChatTemplate);
        Assert.Equal("<s>Q: What is 0 plus 0?\nA: ", asked);
        Assert.Null(never.ChatTemplate);
        Assert.Null(older.ChatTemplate);
        Assert.Equal(never.Loss, older.Loss);
        Assert.NotEqual(trained.Loss.Loss, never.Loss.Loss);
    }

    [Fact]
    public void Train_WithATemplateOfTheUsers_KeepsItBesideTheAdapter()
    {
        var config = Chats("file", world.Model) with { Training = world.Run("file").Training with { Packing = true } };
        config = config with { Data = config.Data with { ChatTemplateFile = world.Folder.Write("own.jinja", Template) } };
        TrainJob.Run(config, stop: Stop);
        var options = new EvaluateOptions { Model = world.Model, Adapter = Path.Combine(config.Output!, "last"), Task = "chat", Data = config.Data.Train, AnswerPattern = "is ([0-9]+)", MaxNewTokens = 3 };

        var report = EvaluateJob.Run(options, stop: Stop);

        Assert.Equal("the chat template of training", report.ChatTemplate);
        Assert.Equal(10, report.ExactMatch!.Total);
        Assert.Equal(0, report.CutAtTurns);
    }

    [Fact]
    public void Plan_PackedConversations_TrainTheSameTokens()
    {
        var config = Chats("packed", ModelWithTemplate());

        var (apart, packed) = (PlanJob.Run(config), PlanJob.Run(config with { Training = config.Training with { Packing = true } }));

        Assert.Equal(apart.DataFacts, packed.DataFacts);
    }

    [Theory]
    [InlineData("chatTemplate")]
    [InlineData("trainOn")]
    [InlineData("answerPattern")]
    public void Problems_SettingsForChatsOfAnotherTask_AreTold(string key)
    {
        var data = new DataConfig { Train = world.Data };
        data = key switch
        {
            "chatTemplate" => data with { ChatTemplate = ChatTemplateUse.Never },
            "trainOn" => data with { TrainOn = TrainOn.Last },
            _ => data with { AnswerPattern = "a" },
        };

        var problems = (world.Run("other") with { Task = "sst2", Data = data }).Problems();

        Assert.Contains($"data.{key} is given, and it is for tasks that generate text only; leave it out", problems);
    }

    private static string Text(PlanReport report, TokenUse use) =>
        string.Concat(report.Shown[0].Tokens.Where(token => token.Use == use).Select(token => token.Text));

    private RunConfig Chats(string output, string model)
    {
        object[] Turns(int i) =>
        [
            new { role = "user", content = $"What is {i} plus 1?" }, new { role = "assistant", content = $"It is {i + 1}." },
            new { role = "user", content = $"And {i} plus 2?" }, new { role = "assistant", content = $"It is {i + 2}." },
        ];
        var path = world.Folder.Write(
            "chats.jsonl",
            string.Concat(Enumerable.Range(0, 10).Select(i => JsonSerializer.Serialize(new { messages = Turns(i) }) + "\n")));
        return world.Run(output) with { Model = model, Task = "chat", Data = new DataConfig { Train = path, ValidationCount = 2 } };
    }

    private string ModelWithTemplate()
    {
        var folder = Directory.CreateDirectory(world.Folder["with-template"]).FullName;
        foreach (var file in Directory.GetFiles(world.Model))
        {
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)), overwrite: true);
        }

        File.WriteAllText(Path.Combine(folder, "chat_template.jinja"), Template);
        return folder;
    }
}

using ResLora.Experiments.Evaluating;
using ResLora.Experiments.Planning;
using ResLora.Experiments.Running;
using ResLora.Tests.Support;
using ResLora.Text.Data.Chat;
using Xunit;

namespace ResLora.Tests.Experiments.Running;

/// <summary>The sample of conversations, samples/chat.</summary>
public sealed class ChatSampleTests
{
    private static readonly string _folder = Path.Combine(SharedFolder.RepositoryRoot, "samples", "chat");

    [Fact]
    public void Plan_TheSample_LearnsBothAnswersAndTheirEnds()
    {
        var report = PlanJob.Run(RunConfig.Read(Path.Combine(_folder, "reslora.yaml")), show: 1);

        Assert.Equal((400, 60, 0), (report.Run.Samples, report.ValidationSamples, report.Run.TooLong));
        Assert.Equal(
            "6 * 4 = 24. The answer is 24.</s> 9 + 18 = 27. The answer is 27.</s>",
            string.Concat(report.Shown[0].Tokens.Where(token => token.Use == TokenUse.Trained).Select(token => token.Text)).Trim());
    }

    [Fact]
    public void Train_AFewSteps_LowersTheLossOnHeldOutConversations()
    {
        using var folder = new TemporaryFolder();
        var config = RunConfig.Read(
            Path.Combine(_folder, "reslora.yaml"), "training.steps=12", "training.evaluateEvery=0", "data.validationCount=20") with
        {
            Output = folder["run"],
        };

        TrainJob.Run(config, stop: TestContext.Current.CancellationToken);

        var held = new EvaluateOptions
        {
            Model = config.Model,
            Task = "chat",
            Data = Path.Combine(_folder, "heldout.jsonl"),
            Limit = 20,
            ChatTemplate = Path.Combine(_folder, "chat_template.jinja"),
        };
        var before = EvaluateJob.Run(held, stop: TestContext.Current.CancellationToken);
        var after = EvaluateJob.Run(
            held with { Adapter = Path.Combine(config.Output!, "last"), ChatTemplate = null }, stop: TestContext.Current.CancellationToken);
        Assert.Equal(before.Loss.Tokens, after.Loss.Tokens);
        Assert.True(after.Loss.Loss < 0.8 * before.Loss.Loss, $"before {before.Loss.Loss}, after {after.Loss.Loss}");
    }
}

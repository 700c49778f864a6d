using ResLora.Experiments.Judging;
using ResLora.Experiments.Predicting;
using ResLora.Formats.Errors;
using Xunit;

namespace ResLora.Tests.Experiments.Judging;

public sealed class JudgeJobTests(TinyPictureWorld world) : IClassFixture<TinyPictureWorld>
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private string Lights => world.Folder["lights"];

    [Fact]
    public void Run_Pictures_GetTheLabelsThatPredictGives()
    {
        var predicted = new List<LabelPrediction>();
        PredictJob.Run(new PredictOptions { Model = world.Model, Data = world.Colours, DataType = "float32" }, [], predicted.Add, Stop);

        var report = JudgeJob.Run(new JudgeOptions { Model = world.Model, Data = world.Colours, BatchSize = 7 }, Stop);

        Assert.Equal(36, report.Pictures);
        Assert.Equal(["dark", "light"], report.Labels.Select(share => share.Label));
        Assert.Equal(
            [predicted.Count(one => one.Label == "dark"), predicted.Count(one => one.Label == "light")],
            report.Labels.Select(share => share.Count));
        Assert.Null(report.Distance);
    }

    [Fact]
    public void Run_SamePictures_AreNoDistanceApartAndOthersAre()
    {
        var same = JudgeJob.Run(new JudgeOptions { Model = world.Model, Data = Lights, Against = Lights }, Stop).Distance!;
        var light = JudgeJob.Run(
            new JudgeOptions { Model = world.Model, Data = Path.Combine(Lights, "light"), Against = Lights }, Stop).Distance!;

        Assert.Equal((36, 18), (same.Real, same.FloorPictures));
        Assert.InRange(same.Value, 0, 1e-6);
        Assert.Equal((36, 18), (light.Real, light.FloorPictures));
        Assert.True(light.Value > same.Value + 0.01, $"{light.Value} is not above {same.Value}");
        Assert.True(same.FloorLow > 0 && same.FloorLow <= same.FloorMean && same.FloorMean <= same.FloorHigh);
    }

    [Fact]
    public void Run_SameSeed_DrawsTheSameFloor()
    {
        var options = new JudgeOptions { Model = world.Model, Data = Lights, Against = Lights, Seed = 4 };

        Assert.Equal(JudgeJob.Run(options, Stop).Distance!.FloorMean, JudgeJob.Run(options, Stop).Distance!.FloorMean);
        Assert.NotEqual(JudgeJob.Run(options, Stop).Distance!.FloorMean, JudgeJob.Run(options with { Seed = 5 }, Stop).Distance!.FloorMean);
    }

    [Fact]
    public void Run_TooFewPicturesForADistance_IsRefusedWithBothCounts()
    {
        var one = Path.Combine(Lights, "light", "1 4.png");

        var error = Assert.Throws<ConfigException>(
            () => JudgeJob.Run(new JudgeOptions { Model = world.Model, Data = one, Against = Lights }, Stop));

        Assert.Equal($"A distance needs at least 2 pictures and 4 real ones; {one} has 1 and {Lights} 36.", error.Message);
    }

    [Fact]
    public void Run_ModelOfTexts_IsRefused()
    {
        using var texts = new TinyWorld();

        var error = Assert.Throws<ConfigException>(() => JudgeJob.Run(new JudgeOptions { Model = texts.Model, Data = Lights }, Stop));

        Assert.Equal($"{texts.Model}: this model does not label pictures; take a ViT with labels.", error.Message);
    }
}

using System.Text.Json;
using ResLora.Experiments.Evaluating;
using ResLora.Experiments.Predicting;
using ResLora.Formats.Errors;
using ResLora.Images.Decoding;
using ResLora.Text.Data.Tasks;
using Xunit;

namespace ResLora.Tests.Experiments.Workloads.Pictures;

/// <summary>What is said of pictures, and which pictures there are to say something of.</summary>
public sealed class PicturePredictionTests(TinyPictureWorld world) : IClassFixture<TinyPictureWorld>
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public void Predict_FolderFileAndLine_SayTheSameOfAPicture()
    {
        var path = world.Folder["lights/light/1 4.png"];

        var folder = Predict(world.Folder["lights"]);
        var file = Assert.Single(Predict(path));
        var line = Assert.Single(Predict(null, "", $"  {path} "));

        Assert.Equal(36, folder.Count);
        Assert.Equal(("1 4.png", path), (file.File, line.File));
        var inFolder = Assert.Single(folder, one => one.File == "light/1 4.png");
        Assert.Equal(["dark", "light"], file.Probabilities!.Keys);
        Assert.Equal(file.Probabilities.Values, line.Probabilities!.Values);
        Assert.Equal(file.Probabilities["light"], inFolder.Probabilities!["light"], 1e-5);
    }

    [Fact]
    public void Predict_BrokenPicture_IsNamed()
    {
        Directory.CreateDirectory(world.Folder["half broken"]);
        var broken = world.Folder.Write("half broken/half.png", File.ReadAllBytes(world.Folder["lights/dark/0 1.png"])[..60]);

        var error = Assert.Throws<FileFormatException>(() => Predict(world.Folder["half broken"]));

        Assert.Contains(broken, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Evaluate_OnePicture_IsRefusedSinceNothingSaysWhatIsRight()
    {
        var error = Assert.Throws<FileFormatException>(
            () => EvaluateJob.Run(Options with { Data = world.Folder["lights/light/1 4.png"] }, stop: Stop));

        Assert.Contains("one picture", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Evaluate_ColumnThatThereIsNot_IsRefusedWithTheNearest()
    {
        var options = Options with { Columns = new Dictionary<string, string> { ["lable"] = "category" } };

        var error = Assert.Throws<ConfigException>(() => EvaluateJob.Run(options, stop: Stop));

        Assert.Equal("There is no column 'lable' to name. Did you mean 'label'? Columns: image, label, text.", error.Message);
    }

    [Fact]
    public void Predict_ModelWithoutAPreprocessor_SaysWhatItIsFor()
    {
        var folder = Directory.CreateDirectory(world.Folder["bare"]).FullName;
        foreach (var file in new[] { "config.json", "model.safetensors" })
        {
            File.Copy(Path.Combine(world.Model, file), Path.Combine(folder, file));
        }

        var error = Assert.Throws<FileFormatException>(
            () => PredictJob.Run(new PredictOptions { Model = folder, Data = world.Folder["lights"] }, [], _ => { }, Stop));

        Assert.Contains(
            "preprocessor_config.json' does not exist, and it says how pictures become a model's input",
            error.Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void FindTask_FolderOfPicturesForAModelOfTexts_SaysWhichModelItIsFor()
    {
        var error = Assert.Throws<FileFormatException>(() => TaskFinder.Find(world.Folder["lights"], isForEncoder: true));

        Assert.Contains("a model that looks at pictures for a folder of pictures", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Evaluate_FilesAskedFor_HoldEveryPredictionAndTheMistakes()
    {
        var (lines, picture) = (world.Folder["said.jsonl"], world.Folder["mistakes.png"]);

        var report = EvaluateJob.Run(Options with { PredictionsFile = lines, MistakesFile = picture }, stop: Stop);

        var said = File.ReadAllLines(lines).Select(line => JsonDocument.Parse(line).RootElement).ToArray();
        Assert.Equal(36, said.Length);
        Assert.Equal(
            report.Labels!.Metrics["accuracy"],
            said.Average(one => one.GetProperty("expected").GetString() == one.GetProperty("predicted").GetString() ? 1.0 : 0),
            1e-9);
        Assert.Equal(("dark/0 1.png", "dark"), (said[0].GetProperty("file").GetString(), said[0].GetProperty("expected").GetString()));
        Assert.Equal(1, said[0].GetProperty("probabilities").EnumerateObject().Sum(share => share.Value.GetDouble()), 1e-9);
        Assert.True(PictureDecoder.Decode(picture).Width > 200);
    }

    [Fact]
    public void Evaluate_MistakesInAFileThatIsNoPng_AreRefusedFirst()
    {
        var error = Assert.Throws<ConfigException>(
            () => EvaluateJob.Run(Options with { MistakesFile = world.Folder["mistakes.jpg"] }, stop: Stop));

        Assert.Contains("must end with .png", error.Message, StringComparison.Ordinal);
    }

    private EvaluateOptions Options => new() { Model = world.Model, Task = "image-classification", Data = world.Folder["lights"] };

    private List<LabelPrediction> Predict(string? data, params string[] lines)
    {
        var found = new List<LabelPrediction>();
        PredictJob.Run(new PredictOptions { Model = world.Model, Data = data }, lines, found.Add, Stop);
        return found;
    }
}

using static ResLora.Text.Data.Labelling.LabelMetric;

namespace ResLora.Text.Data.Labelling;

/// <summary>
/// GLUE's tasks (Wang et al. 2019): names, labels and columns of the hub's data set, other names and orders of the original
/// distribution, and the metrics that GLUE reports, whose mean is the task's score.
/// </summary>
internal static class GlueTasks
{
    private static readonly IReadOnlyList<string> _label = ["label"];
    private static readonly IReadOnlyList<string> _index = ["idx", "index", "id"];
    private static readonly IReadOnlyList<string> _sentenceOrders = ["index sentence1 sentence2 label", "index sentence1 sentence2"];

    public static LabelledTaskSpec Cola { get; } = new()
    {
        Name = "cola",
        Summary = "GLUE CoLA: is a sentence acceptable English?",
        Text = ["sentence"],
        Label = _label,
        Index = _index,
        Labels = new(["unacceptable", "acceptable"]),
        Metrics = [Matthews],
        SubmissionFile = "CoLA.tsv",
        Orders = ["source label star sentence", "index sentence"],
    };

    // Some copies of dev.tsv call the sentence content. A file without labels needs its header line: it has as many columns as one with
    // labels.
    public static LabelledTaskSpec Sst2 { get; } = new()
    {
        Name = "sst2",
        Summary = "GLUE SST-2: is a piece of a film review positive?",
        Text = ["sentence", "content"],
        Label = _label,
        Index = _index,
        Labels = new(["negative", "positive"]),
        Metrics = [Accuracy],
        SubmissionFile = "SST-2.tsv",
        Orders = ["sentence label"],
    };

    // Without a header line as for SST-2.
    public static LabelledTaskSpec Mrpc { get; } = new()
    {
        Name = "mrpc",
        Summary = "GLUE MRPC: do two sentences of news mean the same?",
        Text = ["sentence1", "#1 String"],
        SecondText = ["sentence2", "#2 String"],
        Label = ["label", "Quality"],
        Index = _index,
        Labels = new(["not_equivalent", "equivalent"]),
        Metrics = [Accuracy, F1],
        SubmissionFile = "MRPC.tsv",
        Orders = ["label id1 id2 sentence1 sentence2"],
    };

    public static LabelledTaskSpec StsB { get; } = new()
    {
        Name = "stsb",
        Summary = "GLUE STS-B: how alike are two sentences, 0 to 5?",
        Text = ["sentence1"],
        SecondText = ["sentence2"],
        Label = ["label", "score"],
        Index = _index,
        IsRegression = true,
        HighestScore = 5,
        Metrics = [Pearson, Spearman],
        SubmissionFile = "STS-B.tsv",
        Orders =
        [
            "index genre filename year old_index source1 source2 sentence1 sentence2 score",
            "index genre filename year old_index source1 source2 sentence1 sentence2",
        ],
    };

    // A few lines of the original train.tsv are no rows; other readers of it leave them out too.
    public static LabelledTaskSpec Qqp { get; } = new()
    {
        Name = "qqp",
        Summary = "GLUE QQP: do two questions ask the same?",
        Text = ["question1"],
        SecondText = ["question2"],
        Label = ["label", "is_duplicate"],
        Index = _index,
        Labels = new(["not_duplicate", "duplicate"]),
        Metrics = [Accuracy, F1],
        SubmissionFile = "QQP.tsv",
        Orders = ["id qid1 qid2 question1 question2 label", "id question1 question2"],
        HasBrokenLines = true,
    };

    public static LabelledTaskSpec MnliMatched { get; } = new()
    {
        Name = "mnli",
        Summary = "GLUE MNLI: does a premise entail or contradict a hypothesis? Validated on the matched genres",
        Text = ["premise", "sentence1"],
        SecondText = ["hypothesis", "sentence2"],
        Label = ["label", "gold_label"],
        Index = _index,
        Labels = new(["entailment", "neutral", "contradiction"]),
        Metrics = [Accuracy],
        SubmissionFile = "MNLI-m.tsv",
        SubmitsNames = true,
        FileSuffix = "_matched",
        Orders = [MnliColumns + " label1 gold_label", MnliColumns + " label1 label2 label3 label4 label5 gold_label", MnliColumns],
    };

    public static LabelledTaskSpec MnliMismatched { get; } = MnliMatched with
    {
        Name = "mnli-mismatched",
        Summary = "GLUE MNLI, validated on genres that training has not seen",
        SubmissionFile = "MNLI-mm.tsv",
        FileSuffix = "_mismatched",
    };

    public static LabelledTaskSpec Qnli { get; } = new()
    {
        Name = "qnli",
        Summary = "GLUE QNLI: does a sentence answer a question?",
        Text = ["question"],
        SecondText = ["sentence"],
        Label = _label,
        Index = _index,
        Labels = new(["entailment", "not_entailment"]),
        Metrics = [Accuracy],
        SubmissionFile = "QNLI.tsv",
        SubmitsNames = true,
        Orders = ["index question sentence label", "index question sentence"],
    };

    public static LabelledTaskSpec Rte { get; } = new()
    {
        Name = "rte",
        Summary = "GLUE RTE: does one text entail another?",
        Text = ["sentence1"],
        SecondText = ["sentence2"],
        Label = _label,
        Index = _index,
        Labels = new(["entailment", "not_entailment"]),
        Metrics = [Accuracy],
        SubmissionFile = "RTE.tsv",
        SubmitsNames = true,
        Orders = _sentenceOrders,
    };

    public static LabelledTaskSpec Wnli { get; } = new()
    {
        Name = "wnli",
        Summary = "GLUE WNLI: does a sentence with a pronoun filled in follow?",
        Text = ["sentence1"],
        SecondText = ["sentence2"],
        Label = _label,
        Index = _index,
        Labels = new(["not_entailment", "entailment"]),
        Metrics = [Accuracy],
        SubmissionFile = "WNLI.tsv",
        Orders = _sentenceOrders,
    };

    private const string MnliColumns =
        "index promptID pairID genre sentence1_binary_parse sentence2_binary_parse sentence1_parse sentence2_parse sentence1 sentence2";
}

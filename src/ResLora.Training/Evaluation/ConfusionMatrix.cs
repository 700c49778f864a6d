namespace ResLora.Training.Evaluation;

/// <summary>
/// How often each class was predicted for each class. A share of nothing (the precision of a class never predicted, the recall of a
/// class that is not there) is 0, and so is Matthews correlation when all labels or all predictions are one class, as scikit-learn has it.
/// </summary>
public sealed class ConfusionMatrix
{
    private readonly int[,] _counts;

    private ConfusionMatrix(int[,] counts) => _counts = counts;

    /// <summary>How many classes there are.</summary>
    public int Classes => _counts.GetLength(0);

    /// <summary>How many examples there are, at least one.</summary>
    public int Total => Sum(expected => Support(expected));

    /// <summary>The share of right predictions, 0 to 1.</summary>
    public double Accuracy => (double)Right / Total;

    /// <summary>
    /// Matthews correlation, −1 to 1, in Gorodkin's form for any number of classes (Gorodkin 2004, R_K):
    /// (c · s − Σ pₖ tₖ) / √((s² − Σ pₖ²) (s² − Σ tₖ²)), with c right predictions of s, class k predicted pₖ times and there tₖ times.
    /// For two classes it is (TP · TN − FP · FN) / √((TP + FP)(TP + FN)(TN + FP)(TN + FN)). 0 when the denominator is.
    /// </summary>
    public double Matthews
    {
        get
        {
            // As floating point: the fourth power of a count does not fit into 64 bits, and the sums below are exact up to 2⁵³.
            double total = Total, both = 0, predicted = 0, there = 0;
            for (var k = 0; k < Classes; k++)
            {
                double p = Predicted(k), t = Support(k);
                both += p * t;
                predicted += p * p;
                there += t * t;
            }

            var denominator = Math.Sqrt((total * total) - predicted) * Math.Sqrt((total * total) - there);
            return denominator == 0 ? 0 : ((Right * total) - both) / denominator;
        }
    }

    /// <summary>The mean F1 of all classes that are there or were predicted, 0 to 1.</summary>
    public double MacroF1 => Enumerable.Range(0, Classes).Where(k => Support(k) + Predicted(k) > 0).Average(F1);

    /// <summary>The mean F1 of all classes, each counted as often as it is there, 0 to 1.</summary>
    public double WeightedF1 => Enumerable.Range(0, Classes).Sum(k => Support(k) * F1(k)) / Total;

    /// <summary>
    /// Cohen's κ (1960), (p − e) / (1 − e): the accuracy p beyond the e that labels drawn with the same frequencies would have. At most 1;
    /// not a number when all labels and all predictions are one class.
    /// </summary>
    public double CohenKappa
    {
        get
        {
            double total = Total, byChance = Enumerable.Range(0, Classes).Sum(k => (double)Support(k) * Predicted(k));
            return ((Right * total) - byChance) / ((total * total) - byChance);
        }
    }

    private int Right => Sum(k => _counts[k, k]);

    /// <summary>How often a class was predicted where another, or the same, was right.</summary>
    /// <param name="expected">The right class.</param>
    /// <param name="predicted">The predicted class.</param>
    public int this[int expected, int predicted] => _counts[expected, predicted];

    /// <summary>Counts.</summary>
    /// <param name="expected">The right classes, each 0 to <paramref name="classes"/> − 1.</param>
    /// <param name="predicted">The predicted classes, as many.</param>
    /// <param name="classes">How many classes there are.</param>
    /// <returns>The counts.</returns>
    /// <exception cref="ArgumentException">There is nothing to count, or not as many of both.</exception>
    /// <exception cref="IndexOutOfRangeException">A class is out of range.</exception>
    public static ConfusionMatrix Of(IReadOnlyList<int> expected, IReadOnlyList<int> predicted, int classes)
    {
        ArgumentNullException.ThrowIfNull(expected);
        ArgumentNullException.ThrowIfNull(predicted);
        Correlation.RequireAsMany(expected.Count, predicted.Count);
        var counts = new int[classes, classes];
        foreach (var (right, given) in expected.Zip(predicted))
        {
            counts[right, given]++;
        }

        return new ConfusionMatrix(counts);
    }

    /// <summary>How often a class is there.</summary>
    /// <param name="label">The class.</param>
    /// <returns>The count.</returns>
    public int Support(int label) => Sum(k => _counts[label, k]);

    /// <summary>How often a class was predicted.</summary>
    /// <param name="label">The class.</param>
    /// <returns>The count.</returns>
    public int Predicted(int label) => Sum(k => _counts[k, label]);

    /// <summary>Which share of a class's predictions is right.</summary>
    /// <param name="label">The class.</param>
    /// <returns>TP / (TP + FP), 0 to 1; 0 when it was never predicted.</returns>
    public double Precision(int label) => Share(_counts[label, label], Predicted(label));

    /// <summary>Which share of a class was found.</summary>
    /// <param name="label">The class.</param>
    /// <returns>TP / (TP + FN), 0 to 1; 0 when it is not there.</returns>
    public double Recall(int label) => Share(_counts[label, label], Support(label));

    /// <summary>The harmonic mean of precision and recall.</summary>
    /// <param name="label">The class.</param>
    /// <returns>2 TP / (2 TP + FP + FN), 0 to 1; 0 when it is neither there nor predicted.</returns>
    public double F1(int label) => Share(2 * _counts[label, label], Predicted(label) + Support(label));

    private static double Share(int part, int whole) => whole == 0 ? 0 : (double)part / whole;

    private int Sum(Func<int, int> count) => Enumerable.Range(0, Classes).Sum(count);
}

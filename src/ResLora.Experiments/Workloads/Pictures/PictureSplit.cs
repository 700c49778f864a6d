using ResLora.Formats.Errors;
using ResLora.Images.Folders;
using ResLora.Models;
using ResLora.Text.Data;
using ResLora.Text.Data.Labelling;

namespace ResLora.Experiments.Workloads.Pictures;

/// <summary>A run's pictures: those to learn, and those held out.</summary>
/// <param name="Train">The pictures to learn.</param>
/// <param name="HeldOut">The pictures held out; may be empty.</param>
internal sealed record PictureSplit(IReadOnlyList<LabelledPicture> Train, IReadOnlyList<LabelledPicture> HeldOut)
{
    // To compare pictures they are decoded; of more than these it would take minutes before a run begins.
    private const int MostCompared = 10_000;

    /// <summary>The digests of the files.</summary>
    /// <param name="heldOut">Whether of the pictures held out.</param>
    public IEnumerable<string> Digests(bool heldOut) => (heldOut ? HeldOut : Train).Select(picture => picture.Source.Digest());

    /// <summary>How many pictures were left out because they cannot be decoded.</summary>
    public int Broken { get; init; }

    /// <summary>Lists and divides pictures with labels.</summary>
    /// <param name="data">Where the pictures are, and how they are divided.</param>
    /// <param name="head">The head that there is; null for none.</param>
    /// <param name="headIsNew">Whether it may be replaced by the one that the data asks for.</param>
    /// <returns>What the labels stand for, and the pictures.</returns>
    /// <exception cref="ResLoraException">They cannot be used.</exception>
    public static (LabelSet Classes, PictureSplit Pictures) Read(DataConfig data, ModelHead? head, bool headIsNew)
    {
        var request = Request(new ColumnMap(data.Columns), headIsNew ? null : head);
        var all = PictureDataReader.Read(data.Train, request);
        var wanted = data.Labels ?? (head is not null && HeadLabels.SameInOtherOrder(all.Classes!, head) ? head.Labels : null);
        if (headIsNew && wanted is not null)
        {
            // A head that knows these labels keeps its order, and so does the user.
            all = PictureDataReader.Read(data.Train, request with { Model = new ModelClasses(wanted) });
        }

        return (all.Classes!, Divide(data, all, request with { Model = new ModelClasses(all.Classes!.Names) }));
    }

    /// <summary>Lists and divides pictures with captions.</summary>
    /// <param name="data">Where the pictures are, and how they are divided.</param>
    /// <returns>The pictures.</returns>
    /// <exception cref="ResLoraException">They cannot be used.</exception>
    public static PictureSplit ReadCaptions(DataConfig data)
    {
        var request = CaptionRequest(new ColumnMap(data.Columns));
        return Divide(data, PictureDataReader.Read(data.Train, request), request);
    }

    /// <summary>What is wanted of data with captions.</summary>
    /// <param name="columns">The user's names of columns.</param>
    public static PictureRequest CaptionRequest(ColumnMap columns) => new() { Captions = true, Columns = columns };

    private static PictureSplit Divide(DataConfig data, PictureData all, PictureRequest ofHeldOut)
    {
        if (all.HasSplits && all.Pictures.Count <= MostCompared)
        {
            RepeatedPictures.Warn(all);
        }

        var train = all.Of(TaskSplit.Train);
        if (train.Count == 0)
        {
            throw new FileFormatException($"'{data.Train}' has no pictures to learn: its folders are named after other splits than train.");
        }

        train = data.Limit is { } limit ? Some(train, limit, data.SplitSeed) : train;
        var held = Validation(data, all, ofHeldOut);
        if (held is null)
        {
            // Equal pictures stay on one side, whatever they are called.
            (train, held) = DataSplit.HoldOut(
                train, picture =>
                    picture.Source.Digest(), data.ValidationCount ?? DataSplit.UsualCount(
                        train.Count, DataConfig.UsualValidationCount), data.SplitSeed);
        }

        var split = new PictureSplit(train, held);
        return data.SkipBroken ? split.WithoutBroken(data.Train) : split;
    }

    /// <summary>What is wanted of data with labels.</summary>
    /// <param name="columns">The user's names of columns.</param>
    /// <param name="head">The head whose labels they must be; null where the data decides.</param>
    public static PictureRequest Request(ColumnMap columns, ModelHead? head) => new()
    {
        Labels = true,
        Columns = columns,
        Model = head is null ? null : new ModelClasses(head.Labels),
    };

    /// <summary>Lists pictures to measure on: all of a data set, or of its split.</summary>
    /// <param name="given">Where they are.</param>
    /// <param name="request">What is wanted of them.</param>
    /// <returns>What labels stand for, where they were asked for, and the pictures.</returns>
    /// <exception cref="ResLoraException">They cannot be used.</exception>
    public static (LabelSet? Classes, IReadOnlyList<LabelledPicture> Pictures) Given(GivenData given, PictureRequest request)
    {
        var data = PictureDataReader.Read(given.Path, request);
        var pictures = data.HasSplits ? data.Of(given.Split) : data.Pictures;
        if (pictures.Count == 0)
        {
            throw new FileFormatException(
                $"'{given.Path}' has no {given.Split.ToString().ToLowerInvariant()} split; name another part (--split), or a folder without splits.");
        }

        return (data.Classes, given.Limit is { } limit ? Some(pictures, limit, seed: 0) : pictures);
    }

    /// <summary>Decodes all pictures and leaves those out that cannot be.</summary>
    private PictureSplit WithoutBroken(string source)
    {
        var faults = new List<string>();
        var (train, held) = (Sound(Train, faults), Sound(HeldOut, faults));
        if (train.Count == 0)
        {
            throw new FileFormatException($"'{source}' has no picture that can be decoded. {faults[0]}");
        }

        if (faults.Count > 0)
        {
            Warnings.Add(
                $"'{source}': {faults.Count} pictures cannot be decoded and are left out (data.skipBroken). The first: {faults[0]}");
        }

        return this with { Train = train, HeldOut = held, Broken = faults.Count };
    }

    private static List<LabelledPicture> Sound(IReadOnlyList<LabelledPicture> pictures, List<string> faults)
    {
        var sound = new List<LabelledPicture>();
        foreach (var picture in pictures)
        {
            if (picture.Source.TryDecode(out _, out var fault))
            {
                sound.Add(picture);
            }
            else
            {
                faults.Add(fault);
            }
        }

        return sound;
    }

    private static IReadOnlyList<LabelledPicture>? Validation(DataConfig data, PictureData all, PictureRequest request)
    {
        if (data.ValidationCount == 0)
        {
            return [];
        }

        IReadOnlyList<LabelledPicture>? held = null;
        if (data.Validation is { } path)
        {
            var given = PictureDataReader.Read(path, request);
            held = given.HasSplits ? given.Of(TaskSplit.Validation) : given.Pictures;
            if (held.Count == 0)
            {
                throw new FileFormatException(
                    $"'{path}' has no validation split; name a folder without splits, or leave data.validation out.");
            }
        }
        else if (all.Of(TaskSplit.Validation) is { Count: > 0 } own)
        {
            held = own;
        }

        return held is null ? null : Some(held, data.ValidationCount ?? DataConfig.UsualValidationCount, data.SplitSeed);
    }

    /// <summary>So many pictures, drawn: the first ones of a folder may be of one class.</summary>
    private static IReadOnlyList<LabelledPicture> Some(IReadOnlyList<LabelledPicture> pictures, int count, long seed) =>
        pictures.Count <= count ? pictures : DataSplit.HoldOut(pictures, picture => picture.Source.Name, count, seed).HeldOut;
}
